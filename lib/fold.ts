/** How texts are compared when people search: capitals do not count, nor how a letter is composed. */
export const fold = (text: string): string =>
  text
    .toLowerCase()
    .normalize('NFC')
    .replace(/[\x00-\x1f\x7f]/g, ' ')
