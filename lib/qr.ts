/** QR codes of otpauth URLs, for pages. Each holds the secret. */
import QRCode from 'qrcode'

export interface Qr {
  /** `<svg …>` */
  qr_svg: string
  /** `data:image/png;base64,…` */
  qr_png: string
}

export async function drawQr(text: string): Promise<Qr> {
  const [qr_svg, qr_png] = await Promise.all([
    QRCode.toString(text, { type: 'svg' }),
    QRCode.toDataURL(text, { scale: 8 }),
  ])
  return { qr_svg, qr_png }
}
