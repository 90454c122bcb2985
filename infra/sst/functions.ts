/** The functions of the manifest, as `infra/plan.ts` has them. */
import { type FunctionName, type Plan, plan } from '../plan.ts'
import type { Choices } from './choices.ts'
import type { Secrets } from './secrets.ts'
import type { Stores } from './stores.ts'

export interface Parts {
  choices: Choices
  secrets: Secrets
  stores: Stores
  /** Where browsers find the console, and behind it the API. */
  console: $util.Output<string>
}

export type Functions = Record<FunctionName, sst.aws.Function>

/** `tick` first: when it has been called once, schema and administrator are there for the others. */
export function createFunctions(parts: Parts): Functions {
  const tick = createFunction('tick', parts)
  const firstCall = new aws.lambda.Invocation('FirstCall', {
    functionName: tick.name,
    input: '{}',
    // Again for each new version.
    triggers: { code: tick.nodes.function.s3Key.apply(key => key ?? '') },
  })
  const names = (Object.keys(plan) as FunctionName[]).filter(name => name !== 'tick')
  const others = names.map(name => [name, createFunction(name, parts, firstCall)] as const)
  return { ...(Object.fromEntries(others) as Functions), tick }
}

/** @param after has to be there before */
function createFunction(name: FunctionName, parts: Parts, after?: $util.Resource): sst.aws.Function {
  const { choices, secrets, stores } = parts
  const { memory, timeout, instances, needs } = plan[name]
  const id = name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())
  const log = new aws.cloudwatch.LogGroup(`${id}Log`, {
    name: `/aws/lambda/${$app.name}-${$app.stage}-${name}`,
    // Names and addresses of people: for as long as a fault may take to be noticed.
    retentionInDays: choices.isProduction ? 30 : 7,
  })
  return new sst.aws.Function(id, {
    bundle: `dist/${name}`,
    handler: 'index.handler',
    runtime: 'nodejs24.x',
    architecture: 'arm64',
    memory: `${memory} MB`,
    timeout: `${timeout} seconds`,
    // Neither nginx nor a browser signs as AWS wants it: the function itself refuses whoever shows no secret, or no token.
    ...(!needs.includes('firstAdmin') && { url: { authorization: 'none', cors: false } }),
    ...(stores.vpc && { vpc: stores.vpc }),
    ...(stores.files && { copyFiles: stores.files }),
    // A new account has ten instances for everything, none of which can be set aside.
    ...(choices.isProduction && instances !== undefined && { concurrency: { reserved: instances } }),
    // A call that the clock made comes again in a minute.
    retries: 0,
    // `sst dev` would run it on somebody's own machine.
    dev: false,
    environment: {
      DATABASE_URL: stores.databaseUrl,
      REDIS_URL: stores.redisUrl,
      MAILGATEWAY_SECRET_KEY: secrets.masterSecret.value,
      ...Object.assign({}, ...needs.map(need => environmentFor(need, parts))),
    },
    // It may write its own log, and nothing else.
    logging: { logGroup: log.name },
    permissions: [
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [$interpolate`${log.arn}:*`] },
    ],
    transform: {
      role: args => {
        // The platform lets every principal of the account take it, for `sst dev`.
        args.assumeRolePolicy = aws.iam.assumeRolePolicyForPrincipal({ Service: 'lambda.amazonaws.com' })
        args.managedPolicyArns = stores.vpc
          ? ['arn:aws:iam::aws:policy/service-role/AWSLambdaENIManagementAccess']
          : []
      },
      function: (_, opts) => {
        if (after) opts.dependsOn = after
      },
    },
  })
}

function environmentFor(need: Plan['needs'][number], { choices, secrets, console }: Parts) {
  if (need === 'firstAdmin') return { MAILGATEWAY_ADMIN_PASSWORD: secrets.adminPassword.value }
  if (need === 'edge')
    return {
      MAILGATEWAY_EDGE_AUTH: choices.edgeAuth,
      MAILGATEWAY_EDGE_SECRET: secrets.edgeSecret.value,
    }
  return {
    // Browsers ask the console's address, CloudFront the function's own.
    MAILGATEWAY_SERVER_CORS_ORIGINS: console,
    // Not by its addresses: from the same ones CloudFront sends what others have set up there.
    MAILGATEWAY_SERVER_PROXY_SECRET: secrets.proxySecrets.apply(all => all.join(',')),
  }
}
