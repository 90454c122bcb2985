/** Stands for the cloud: notes what is asked of it, and answers as if it had been done. Bundled with sst.config.ts by infra/e2e/rehearse.ts. */
const noted: { type: string; name: string; inputs: Record<string, unknown> }[] = []

const outputsOf: Record<string, (name: string) => object> = {
  'aws:lambda/functionUrl:FunctionUrl': name => ({
    functionUrl: `https://${name.toLowerCase()}.lambda-url.eu-central-1.on.aws/`,
  }),
  'aws:lambda/function:Function': name => ({ version: '1', invokeArn: `arn:aws:invoke:${name}` }),
  'aws:rds/instance:Instance': () => ({
    address: 'database.example.org',
    endpoint: 'database.example.org:3306',
    port: 3306,
  }),
  'aws:elasticache/replicationGroup:ReplicationGroup': () => ({
    primaryEndpointAddress: 'redis.example.org',
    clusterEnabled: false,
    port: 6379,
  }),
  'aws:s3/bucket:Bucket': name => ({ bucketRegionalDomainName: `${name}.s3.example.org` }),
  'aws:cloudfront/distribution:Distribution': () => ({
    domainName: 'd111.cloudfront.net',
    hostedZoneId: 'Z2',
  }),
  'random:index/randomPassword:RandomPassword': () => ({ result: 'p&ss' }),
  'random:index/randomBytes:RandomBytes': () => ({ base64: 'a2V5', hex: '6b6579' }),
}

const answers: Record<string, object> = {
  'aws:index/getRegion:getRegion': { region: 'eu-central-1', name: 'eu-central-1' },
  'aws:index/getPartition:getPartition': { partition: 'aws' },
  'aws:index/getCallerIdentity:getCallerIdentity': { accountId: '123456789012' },
  'aws:index/getAvailabilityZones:getAvailabilityZones': { names: ['eu-central-1a', 'eu-central-1b'] },
  'aws:ec2/getAmi:getAmi': { id: 'ami-1' },
}

/** Writes what was asked for to standard output, when all of it is there. */
export async function rehearse(
  { app, run }: ReturnType<typeof $config>,
  build: (run: () => Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  const stage = process.env.REHEARSED_STAGE!
  const root = process.cwd()
  const work = process.env.REHEARSED_FOLDER!
  const platform = `${root}/.sst/platform`
  Object.assign(globalThis, {
    $app: { ...(await app({ stage })), stage },
    $dev: false,
    $cli: { command: 'deploy', rpc: '', paths: { home: work, root, work, platform }, state: { version: {} } },
  })
  const { runtime } = $util
  await runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id }) => {
        noted.push({ type, name, inputs })
        const arn = `arn:${type}:${name}`
        const state = { arn, name, ...inputs, ...outputsOf[type]?.(name) }
        return { id: id || `${name}-id`, state }
      },
      call: ({ token, inputs }) =>
        token === 'aws:iam/getPolicyDocument:getPolicyDocument'
          ? { ...inputs, json: JSON.stringify(inputs) }
          : (answers[token] ?? inputs),
    },
    $app.name,
    $app.stage,
  )
  const outputs = await runtime.runInPulumiStack(() => build(run))
  await runtime.disconnect()
  process.stdout.write(JSON.stringify({ noted, outputs }))
}
