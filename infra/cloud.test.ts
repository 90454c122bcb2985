/** What sst.config.ts asks of the cloud: every function, the router, the clock, the alarms, both kinds of stores. */
import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerHeaders, codeOf, route } from './e2e/cloudfront.ts'
import { bundleConfig, type Noted, type Program, type Rehearsal, unpackPlatform } from './e2e/rehearse.ts'
import { readChoices } from './sst/choices.ts'
import { deriveProxySecrets } from './sst/proxy-secrets.ts'

/** Named here once more: a change of the plan is to be meant. */
const expected = {
  AdminLogin: { memory: 1769, timeout: 20, url: true },
  Admins: { memory: 1769, timeout: 20, url: true },
  Backends: { memory: 1024, timeout: 20, url: true },
  Blacklist: { memory: 1024, timeout: 20, url: true },
  Logs: { memory: 1024, timeout: 20, url: true },
  NginxAuth: { memory: 1769, timeout: 10, url: true },
  Notifications: { memory: 1024, timeout: 20, url: true },
  Settings: { memory: 1024, timeout: 20, url: true },
  Stats: { memory: 1024, timeout: 20, url: true },
  Tick: { memory: 512, timeout: 300, url: false },
  Users: { memory: 1769, timeout: 20, url: true },
}
const names = Object.keys(expected)

const stores = { DATABASE_URL: 'the DatabaseUrl', REDIS_URL: 'the RedisUrl' }
const managed = {
  DATABASE_URL:
    'mysql://mailgateway:p&ss@database.example.org:3306/mailgateway?tls=on&tls_ca=/var/task/rds-ca.pem',
  REDIS_URL: 'rediss://default:p%26ss@redis.example.org:6379/0',
}
const own: Record<string, object> = {
  NginxAuth: { MAILGATEWAY_EDGE_AUTH: 'hmac', MAILGATEWAY_EDGE_SECRET: 'the EdgeSecret' },
  Tick: { MAILGATEWAY_ADMIN_PASSWORD: 'the AdminPassword' },
}
const forBrowsers = {
  MAILGATEWAY_SERVER_CORS_ORIGINS: 'https://console.example.org',
  MAILGATEWAY_SERVER_PROXY_SECRET: expect.stringMatching(/^[0-9a-f]{64}$/),
}

const chosen = {
  CLOUD_DOMAIN: 'console.example.org',
  CLOUD_CERTIFICATE: 'arn:aws:acm:us-east-1:1:certificate/1',
}
const inVpc = { ...chosen, CLOUD_STORES: 'vpc', CLOUD_ALARM_MAIL: 'operators@example.org' }

const programs: Program[] = []
let urls: Rehearsal
let vpc: Rehearsal

const bundle = async (...planted: [string, string][]) => {
  const program = await bundleConfig(...planted)
  programs.push(program)
  return program
}

beforeAll(async () => {
  unpackPlatform()
  execFileSync('npm', ['run', '-s', 'build:cloud'], { stdio: 'ignore' })
  const program = await bundle()
  urls = await program.rehearse('dev', chosen)
  vpc = await program.rehearse('production', inVpc)
}, 900_000)
afterAll(() => {
  for (const program of programs) program.remove()
})

const ofType = ({ noted }: Rehearsal, type: string) =>
  Object.fromEntries(noted.filter(each => each.type === type).map(({ name, inputs }) => [name, inputs]))

/** What Pulumi keeps as a secret is marked in this way. */
const isSecret = (value: object) => '4dabf18193072939515e22adb298388d' in value

const functionOf = (rehearsal: Rehearsal, name: string) =>
  ofType(rehearsal, 'aws:lambda/function:Function')[`${name}Function`]

/** Each is true of a rehearsal, or throws. */
const checks = {
  functions(rehearsal: Rehearsal) {
    const functions = Object.entries(ofType(rehearsal, 'aws:lambda/function:Function'))
    const found = functions.map(([name, f]) => [
      name.replace('Function', ''),
      {
        runtime: f.runtime,
        architectures: f.architectures,
        handler: f.handler,
        memory: f.memorySize,
        timeout: f.timeout,
      },
    ])
    const wanted = Object.entries(expected).map(([name, { memory, timeout }]) => [
      name,
      { runtime: 'nodejs24.x', architectures: ['arm64'], handler: 'index.handler', memory, timeout },
    ])
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted))
  },

  environment(rehearsal: Rehearsal) {
    const places = rehearsal === vpc ? managed : stores
    for (const name of names) {
      const { environment } = functionOf(rehearsal, name)
      expect(isSecret(environment)).toBe(true)
      const { SST_KEY, SST_KEY_FILE, SST_RESOURCE_App, ...variables } = environment.value.variables
      expect(variables).toEqual({
        ...places,
        MAILGATEWAY_SECRET_KEY: 'the MasterSecret',
        ...(own[name] ?? forBrowsers),
      })
    }
  },

  urls(rehearsal: Rehearsal) {
    const found = Object.entries(ofType(rehearsal, 'aws:lambda/functionUrl:FunctionUrl'))
    expect(found.map(([name]) => name.replace('Url', '')).toSorted()).toEqual(
      names.filter(name => expected[name as keyof typeof expected].url),
    )
    for (const [, { authorizationType, cors }] of found) {
      expect(authorizationType).toBe('NONE')
      expect(cors).toBeUndefined()
    }
  },

  rights(rehearsal: Rehearsal) {
    const roles = ofType(rehearsal, 'aws:iam/role:Role')
    for (const name of names) {
      const { assumeRolePolicy, managedPolicyArns, inlinePolicies } = roles[`${name}Role`]
      expect(assumeRolePolicy.Statement).toMatchObject([{ Principal: { Service: 'lambda.amazonaws.com' } }])
      expect(managedPolicyArns).toEqual(
        rehearsal === vpc ? ['arn:aws:iam::aws:policy/service-role/AWSLambdaENIManagementAccess'] : [],
      )
      expect(inlinePolicies).toHaveLength(1)
      expect(JSON.parse(inlinePolicies[0].policy).statements).toEqual([
        {
          effect: 'Allow',
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [`arn:aws:cloudwatch/logGroup:LogGroup:${name}Log:*`],
        },
      ])
    }
    const [clock] = roles.ClockRole.inlinePolicies
    expect(JSON.parse(clock.policy).statements).toEqual([
      { actions: ['lambda:InvokeFunction'], resources: ['arn:aws:lambda/function:Function:TickFunction'] },
    ])
  },

  logs(rehearsal: Rehearsal) {
    const groups = ofType(rehearsal, 'aws:cloudwatch/logGroup:LogGroup')
    expect(Object.keys(groups).toSorted()).toEqual(names.map(name => `${name}Log`))
    const days = rehearsal === vpc ? 30 : 7
    for (const group of Object.values(groups)) expect(group.retentionInDays).toBe(days)
    for (const name of names)
      expect(functionOf(rehearsal, name).loggingConfig.logGroup).toBe(groups[`${name}Log`].name)
  },

  clock(rehearsal: Rehearsal) {
    const { scheduleExpression, state, target } = ofType(
      rehearsal,
      'aws:scheduler/schedule:Schedule',
    ).ClockSchedule
    expect({ scheduleExpression, state, arn: target.arn }).toEqual({
      scheduleExpression: 'rate(1 minute)',
      state: 'ENABLED',
      arn: 'arn:aws:lambda/function:Function:TickFunction',
    })
    const first = ofType(rehearsal, 'aws:lambda/invocation:Invocation').FirstCall
    expect(first.functionName).toBe(functionOf(rehearsal, 'Tick').name)
    expect(first.triggers.code).toBe(functionOf(rehearsal, 'Tick').s3Key)
  },

  async router(rehearsal: Rehearsal) {
    const hostOf = (name: string) => `${name.toLowerCase()}url.lambda-url.eu-central-1.on.aws`
    const bucket = 'ConsoleFilesAssetsBucket.s3.example.org'
    const places: [string, string, string?][] = [
      ['/login', hostOf('AdminLogin')],
      ['/refresh', hostOf('AdminLogin')],
      ['/logout', hostOf('AdminLogin')],
      ['/api/session/totp', hostOf('AdminLogin')],
      ['/api/nothing', hostOf('AdminLogin')],
      ['/api/admins/joe', hostOf('Admins')],
      ['/api/backends', hostOf('Backends')],
      ['/api/bans/bulk', hostOf('Blacklist')],
      ['/api/exceptions', hostOf('Blacklist')],
      ['/api/auth-log/export', hostOf('Logs')],
      ['/api/operation-log', hostOf('Logs')],
      ['/api/notifications', hostOf('Notifications')],
      ['/api/settings/auth.fail_ttl', hostOf('Settings')],
      ['/api/stats/now', hostOf('Stats')],
      ['/api/users', hostOf('Users')],
      ['/api/export/users', hostOf('Users')],
      ['/api/openapi.json', bucket],
      ['/icon.svg', bucket],
      ['/', bucket, '/index.html'],
      ['/mailboxes/joe@example.org', bucket, '/index.html'],
      ['/loginpage', bucket, '/index.html'],
    ]
    for (const [path, host, uri = path] of places)
      expect(await route(rehearsal, path)).toMatchObject({ host, uri })
    const { aliases, viewerCertificate, defaultCacheBehavior } = ofType(
      rehearsal,
      'aws:cloudfront/distribution:Distribution',
    ).ConsoleCdnDistribution
    expect(aliases).toEqual(['console.example.org'])
    expect(viewerCertificate.acmCertificateArn).toBe(chosen.CLOUD_CERTIFICATE)
    expect(defaultCacheBehavior.viewerProtocolPolicy).toBe('redirect-to-https')
    for (const kind of ['Request', 'Response'] as const)
      expect(codeOf(rehearsal, kind).length).toBeLessThan(10_240)
  },

  async proxy(rehearsal: Rehearsal) {
    const forged = { 'x-proxy-key': { value: 'what a browser has sent' } }
    for (const sent of [{}, forged]) {
      const { headers } = await route(rehearsal, '/api/users', sent)
      for (const name of names.filter(each => own[each] === undefined)) {
        const { variables } = functionOf(rehearsal, name).environment.value
        expect(headers['x-proxy-key']).toEqual({ value: variables.MAILGATEWAY_SERVER_PROXY_SECRET })
      }
    }
    const { variables } = functionOf(rehearsal, 'Users').environment.value
    const open = JSON.stringify(rehearsal, (_, value) =>
      typeof value === 'object' && value !== null && isSecret(value) ? 'secret' : value,
    )
    expect(open).not.toContain(variables.MAILGATEWAY_SERVER_PROXY_SECRET)
  },

  async browsers(rehearsal: Rehearsal) {
    const [page, answer] = [await answerHeaders(rehearsal, {}), { 'x-frame-options': { value: 'its own' } }]
    expect(page['content-security-policy']!.value).toContain("default-src 'self'")
    expect(page['strict-transport-security']!.value).toBe('max-age=31536000')
    expect((await answerHeaders(rehearsal, answer))['x-frame-options']).toEqual({ value: 'its own' })
  },

  files(rehearsal: Rehearsal) {
    const { files } = ofType(rehearsal, 'pulumi-nodejs:dynamic:Resource')[
      'ConsoleFilesAssetFiles.sst.aws.BucketFiles'
    ]
    const caching = (start: string) =>
      new Set(
        files
          .filter(({ key }: { key: string }) => key.startsWith(start))
          .map((file: Noted['inputs']) => file.cacheControl),
      )
    expect([...caching('index.html'), ...caching('api/openapi.json')]).toEqual(['no-cache', 'no-cache'])
    expect([...caching('assets/')]).toEqual(['public, max-age=31536000, immutable'])
    expect(files.filter(({ key }: { key: string }) => /\.(br|gz)$/.test(key))).toEqual([])
  },

  alarms(rehearsal: Rehearsal) {
    const alarms = Object.values(ofType(rehearsal, 'aws:cloudwatch/metricAlarm:MetricAlarm'))
    const told = (name: string) =>
      alarms
        .filter(({ dimensions }) => dimensions.FunctionName === functionOf(rehearsal, name).name)
        .map(({ metricName, threshold }) => `${metricName} ${threshold}`)
        .toSorted()
    if (rehearsal !== vpc) return expect(alarms).toEqual([])
    expect(told('NginxAuth')).toEqual(['Duration 8000', 'Errors 1', 'Throttles 1', 'Url5xxCount 5'])
    expect(told('Tick')).toEqual(['Duration 240000', 'Errors 1', 'Invocations 1'])
    for (const name of names.filter(each => own[each] === undefined)) expect(told(name)).toEqual(['Errors 1'])
    const still = alarms.find(({ metricName }) => metricName === 'Invocations')!
    expect(still).toMatchObject({ comparisonOperator: 'LessThanThreshold', treatMissingData: 'breaching' })
    for (const { alarmActions } of alarms) expect(alarmActions).toEqual(['arn:aws:sns/topic:Topic:Alarms'])
    expect(ofType(rehearsal, 'aws:sns/topicSubscription:TopicSubscription').AlarmMail.endpoint).toBe(
      inVpc.CLOUD_ALARM_MAIL,
    )
  },

  costs(rehearsal: Rehearsal) {
    const reserved = names.map(name => functionOf(rehearsal, name).reservedConcurrentExecutions)
    if (rehearsal === vpc) return expect(reserved.filter(each => each !== undefined)).toEqual([100])
    expect(reserved.every(each => each === undefined)).toBe(true)
    const fixed = rehearsal.noted.filter(({ type }) =>
      /^aws:(ec2|rds|elasticache|secretsmanager|cloudwatch\/metric)/.test(type),
    )
    expect(fixed).toEqual([])
  },

  retention(rehearsal: Rehearsal) {
    expect(rehearsal.outputs._protect).toBe(rehearsal === vpc)
  },

  servers(rehearsal: Rehearsal) {
    const { vpcConfig } = functionOf(rehearsal, 'NginxAuth')
    if (rehearsal !== vpc) return expect(vpcConfig).toBeUndefined()
    for (const name of names) {
      expect(functionOf(rehearsal, name).vpcConfig).toEqual({
        securityGroupIds: ['VpcSecurityGroup-id'],
        subnetIds: ['VpcPrivateSubnet1-id', 'VpcPrivateSubnet2-id'],
      })
    }
    expect(ofType(rehearsal, 'aws:rds/instance:Instance').DatabaseInstance).toMatchObject({
      engine: 'mariadb',
      engineVersion: '10.11',
      multiAz: true,
      deletionProtection: true,
      skipFinalSnapshot: false,
      storageEncrypted: true,
      backupRetentionPeriod: 7,
    })
    expect(ofType(rehearsal, 'aws:rds/parameterGroup:ParameterGroup').DatabaseParameterGroup).toMatchObject({
      family: 'mariadb10.11',
      parameters: [{ name: 'require_secure_transport', value: '1' }],
    })
    expect(ofType(rehearsal, 'aws:elasticache/replicationGroup:ReplicationGroup').RedisCluster).toMatchObject(
      {
        clusterMode: 'disabled',
        numCacheClusters: 2,
        automaticFailoverEnabled: true,
        transitEncryptionEnabled: true,
      },
    )
    expect(
      ofType(rehearsal, 'aws:elasticache/parameterGroup:ParameterGroup').RedisParameterGroup.parameters,
    ).toContainEqual({ name: 'maxmemory-policy', value: 'noeviction' })
  },
}
const checkNames = Object.keys(checks) as (keyof typeof checks)[]

test.each(checkNames)('MySQL and Redis by URL, not production: %s', async name => checks[name](urls))
test.each(checkNames)('managed ones in a VPC, production: %s', async name => checks[name](vpc))

test('the authorities of RDS are those of the region, and are sent along', () => {
  const certificates = readFileSync('dist/rds-ca.pem', 'utf8').match(
    /-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g,
  )!
  const subjects = certificates.map(pem => new X509Certificate(pem).subject)
  expect(subjects.length).toBeGreaterThan(2)
  for (const subject of subjects) expect(subject).toContain('Amazon RDS eu-central-1 ')
})

const planted: [keyof typeof checks, string, string][] = [
  ['functions', "architecture: 'arm64'", "architecture: 'x86_64'"],
  ['environment', 'MAILGATEWAY_EDGE_AUTH: choices.edgeAuth', "MAILGATEWAY_EDGE_AUTH: 'off'"],
  ['urls', 'cors: false', 'cors: true'],
  ['rights', "'logs:PutLogEvents'", "'logs:*'"],
  ['logs', '? 30 : 7', '? 3653 : 7'],
  ['clock', 'rate(1 minute)', 'rate(1 hour)'],
  ['router', "'/api/users', ", ''],
  ['proxy', 'event.request.headers[', 'event.request.cookies['],
  ['browsers', 'if (!sent[h[0]]) ', ''],
  ['files', "files: 'assets/**'", "files: 'other/**'"],
  ['alarms', "missing: 'breaching',", ''],
  ['costs', 'instances: 100', 'instances: 1000'],
  ['retention', 'protect: isProduction', 'protect: false'],
  ['servers', 'cluster: false', 'cluster: true'],
]

test('a wrong value is seen: one is planted for each check', async () => {
  const program = await bundle(...planted.map(([, before, after]): [string, string] => [before, after]))
  const good = vpc
  vpc = await program.rehearse('production', inVpc)
  try {
    expect(planted.map(([name]) => name)).toEqual(checkNames)
    for (const name of checkNames) await expect(async () => checks[name](vpc), name).rejects.toThrow()
  } finally {
    vpc = good
  }
}, 600_000)

test('while the master secret is exchanged the functions take what the router shows before, then and after', () => {
  const shown = (master: string) => deriveProxySecrets(master).at(-1)
  const steps = ['old', 'new,old', 'new', 'newer,new,old']
  for (const [i, master] of steps.entries()) {
    // The router is deployed first.
    expect(deriveProxySecrets(steps[Math.max(0, i - 1)]!)).toContain(shown(master))
    expect(deriveProxySecrets(master)).toContain(shown(master))
  }
  expect(shown('new')).not.toBe(shown('old'))
  expect(deriveProxySecrets('new, old')).toEqual(deriveProxySecrets('new,old'))
})

test.each([
  [{ CLOUD_STORES: 'sqlite' }, 'CLOUD_STORES: "sqlite" is not allowed; write urls or vpc'],
  [{ CLOUD_EDGE_AUTH: 'off' }, 'CLOUD_EDGE_AUTH: "off" is not allowed; write hmac or secret'],
  [{ CLOUD_DOMAIN: 'https://a.b/' }, 'CLOUD_DOMAIN: "https://a.b/" is not allowed'],
  [{ CLOUD_CERTIFICATE: 'arn:x' }, 'CLOUD_CERTIFICATE: without CLOUD_DOMAIN it serves nothing'],
])('a wrong choice is named: %o', (env, message) => {
  expect(() => readChoices(env, 'dev')).toThrow(message)
})

test("the types of the platform's components hold, and see a planted runtime", () => {
  const folder = mkdtempSync('.sst/types-')
  const compilerOptions = { types: ['node'], typeRoots: ['../../node_modules/@types'] }
  const include = ['planted.ts', '../../infra/sst/*.ts', '../../sst.config.ts', '../platform/config.d.ts']
  const config = { extends: '../../infra/sst/tsconfig.json', compilerOptions, include }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  writeFileSync(
    join(folder, 'planted.ts'),
    "export const planted = () => new sst.aws.Function('Planted', { handler: 'index.handler', runtime: 'nodejs99.x' })\n",
  )
  const { stdout } = spawnSync('tsc', ['--noEmit', '-p', folder], { encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  const errors = stdout.split('\n').filter(line => /: error /.test(line))
  expect(errors).toHaveLength(1)
  expect(errors[0]).toMatch(/planted\.ts.*TS2820.*nodejs99\.x/)
}, 300_000)
