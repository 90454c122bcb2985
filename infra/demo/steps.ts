/** What the demo prints: lines for a second terminal, and what they will show. Lines to paste are those indented by four. */
import { fileURLToPath } from 'node:url'

export const demoUser = { name: 'demo@example.com', password: 'correct horse' }

interface Place {
  dataDir: string
  /** Where the gateway listens for nginx. */
  gatewayPort: number
  /** null = there is no nginx, and curl asks the gateway as nginx would. */
  nginx: { certificateFile: string; imapsPort: number; smtpsPort: number } | null
}

const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const { name, password } = demoUser

export function describeSteps({ dataDir, gatewayPort, nginx }: Place): string {
  const way = nginx ? throughNginx(nginx) : asNginx(gatewayPort)
  return `
Paste into a second terminal, with bash or zsh, block by block. Ctrl-C here ends the demo and leaves nothing.

    export MAILGATEWAY_DATA_DIR='${dataDir}'
    mailgateway() { npm run -s --prefix '${project}' mailgateway -- "$@"; }
    ${way.login}

1. The right password: allowed${way.allowed}.

    login '${password}'
${way.sending}
2. A wrong one: refused, in the words of the protocol, which do not say why.

    login 'not it'

3. Five more, all different: locked. Now the right one gets a temporary failure, so its mail client keeps it.

    for word in one two three four five; do login "guess $word"; done
    login '${password}'

4. Explained: the log says why each was refused and what lifts it, the mailbox where its counters stand.

    mailgateway log search --user ${name} --since 10m
    mailgateway user show ${name}

5. Unlocked: in again.

    mailgateway user unlock ${name}
    login '${password}'

`
}

/** Shows what the server says and the newest message; the lines that curl adds, the password among them, are left out. */
function throughNginx({ certificateFile, imapsPort, smtpsPort }: NonNullable<Place['nginx']>) {
  const curl = `curl -sv --cacert '${certificateFile}'`
  const inbox = `'imaps://127.0.0.1:${imapsPort}/INBOX;MAILINDEX=*'`
  const from = `-u '${name}:${password}' --mail-from ${name} --mail-rcpt ${name}`
  return {
    login: `login() { ${curl} -u "${name}:$1" ${inbox} 2>&1 | grep -v '^[*>{}]'; }`,
    allowed: ', and the newest message appears',
    sending: `
   Send another one, and log in to read it.

    printf 'Subject: sent through nginx\\n\\nIt works.\\n' | ${curl.replace('-sv', '-s')} ${from} -T - smtps://127.0.0.1:${smtpsPort}
    login '${password}'
`,
  }
}

/** Shows the header lines that nginx would go by. */
function asNginx(port: number) {
  const headers = `-H 'Auth-Method: plain' -H 'Auth-Protocol: imap' -H 'Auth-User: ${name}' -H "Auth-Pass: $1" -H 'Auth-Login-Attempt: 1' -H 'Client-IP: 192.0.2.7'`
  return {
    login: `login() { curl -si http://127.0.0.1:${port}/api/auth ${headers} | grep -i '^auth'; }`,
    allowed: ', and nginx is told the backend',
    sending: '',
  }
}
