/// <reference path="./.sst/platform/config.d.ts" />

/** MailGateway in the cloud: `npx sst deploy --stage production`. README, "In the cloud", has what to set before. */
export default $config({
  app(input) {
    const isProduction = input.stage === 'production'
    return {
      name: 'mailgateway',
      home: 'aws',
      // What production has stored outlives a wrong command.
      removal: isProduction ? 'retain' : 'remove',
      protect: isProduction,
    }
  },

  async run() {
    const { readChoices } = await import('./infra/sst/choices.ts')
    const { bundleAll } = await import('./infra/sst/bundles.ts')
    const { createSecrets } = await import('./infra/sst/secrets.ts')
    const { createStores } = await import('./infra/sst/stores.ts')
    const { createFunctions } = await import('./infra/sst/functions.ts')
    const { createConsole, routeConsole } = await import('./infra/sst/console.ts')
    const { keepTime } = await import('./infra/sst/clock.ts')
    const { createAlarms } = await import('./infra/sst/alarms.ts')

    const choices = readChoices(process.env, $app.stage)
    bundleAll()
    const secrets = createSecrets(choices)
    const stores = createStores(choices, secrets)
    const console = createConsole(choices, secrets)
    const functions = createFunctions({ choices, secrets, stores, console: console.url })
    routeConsole(console, functions)
    keepTime(functions)
    createAlarms(choices, functions)
    return { nginxAuth: functions['nginx-auth'].url, console: console.url }
  },
})
