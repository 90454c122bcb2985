/** The QR code of an otpauth URL, on the terminal or in a file. */
import { writeFileSync } from 'node:fs'
import { extname } from 'node:path'
import { InvalidArgumentError } from 'commander'
import QRCode from 'qrcode'
import { Refusal } from '../../lib/refusal.ts'
import { readPath } from './values.ts'

/** In colours where there are some, so that dark stays dark on every terminal. */
export const drawQr = (text: string): Promise<string> =>
  process.stdout.isTTY
    ? QRCode.toString(text, { type: 'terminal', small: true })
    : QRCode.toString(text, { type: 'utf8' })

/**
 * Writes the picture, readable by its owner only: it holds the secret.
 * @throws Refusal when the file is there already or cannot be made
 */
export async function writeQr(file: string, text: string): Promise<void> {
  const picture = await renderQr(file, text)
  try {
    writeFileSync(file, picture, { mode: 0o600, flag: 'wx' })
    process.stderr.write(`wrote ${file}\n`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Refusal(
      'invalid',
      'qr',
      `cannot write the QR code to ${file} (${code}); it is on the terminal only`,
    )
  }
}

/** For commander: the name of a file that `writeQr` can write. */
export function readQrFile(file: string): string {
  if (['.svg', '.png'].includes(extname(file).toLowerCase())) return readPath(file)
  throw new InvalidArgumentError('Name a file that ends in .svg or .png.')
}

const renderQr = (file: string, text: string): Promise<string | Buffer> =>
  extname(file).toLowerCase() === '.svg'
    ? QRCode.toString(text, { type: 'svg' })
    : QRCode.toBuffer(text, { type: 'png', scale: 8 })
