/** The mail protocols that nginx's mail proxy speaks, as it writes them in `Auth-Protocol`. */
export const protocols = ['imap', 'pop3', 'smtp'] as const

export type Protocol = (typeof protocols)[number]
