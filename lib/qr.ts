/** QR codes as pictures for a page. */
import QRCode from 'qrcode'

/** As SVG text, and as PNG in a data URL. */
export async function drawQrPictures(text: string): Promise<{ qr_svg: string; qr_png: string }> {
  const [qr_svg, qr_png] = await Promise.all([
    QRCode.toString(text, { type: 'svg' }),
    QRCode.toDataURL(text, { type: 'image/png', scale: 6 }),
  ])
  return { qr_svg, qr_png }
}
