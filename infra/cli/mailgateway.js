#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that an old one gets a clear line instead of a stack trace.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `MailGateway needs Node 22.18 or later, this is ${process.version}. In a checkout: npm ci, then npm start (npm brings Node 24 along).`,
  )
  process.exit(1)
}
const { main } = await import('./main.ts')
await main(process.argv)
