/** Where the data lies: at URLs that the operator knows, or in managed servers inside a network of their own. */
import type { Choices } from './choices.ts'
import { writeRdsCa } from './rds-ca.ts'
import type { Secrets } from './secrets.ts'

export interface Stores {
  databaseUrl: $util.Output<string>
  redisUrl: $util.Output<string>
  /** Where the functions have to be to reach them. */
  vpc?: sst.aws.Vpc
  /** What the functions have to hold to trust them. */
  files?: $util.Input<{ from: string; to: string }[]>
}

export function createStores(choices: Choices, { urls }: Secrets): Stores {
  return urls ? { databaseUrl: urls.database.value, redisUrl: urls.redis.value } : createServers(choices)
}

function createServers({ isProduction }: Choices): Stores {
  // The functions of mail notices send to the world; all others would do without the way out.
  const vpc = new sst.aws.Vpc('Vpc', { nat: 'ec2' })
  const database = new sst.aws.Mysql('Database', {
    vpc,
    instance: isProduction ? 't4g.small' : 't4g.micro',
    multiAz: isProduction,
    database: 'mailgateway',
    username: 'mailgateway',
    version: '10.11',
    transform: {
      // MariaDB is what the project is tested with.
      instance: args => {
        args.engine = 'mariadb'
        args.deletionProtection = isProduction
        args.skipFinalSnapshot = !isProduction
        if (isProduction) args.finalSnapshotIdentifier = `${$app.name}-${$app.stage}-last`
      },
      parameterGroup: args => {
        args.family = 'mariadb10.11'
        args.parameters = [{ name: 'require_secure_transport', value: '1' }]
      },
    },
  })
  const redis = new sst.aws.Redis('Redis', {
    vpc,
    instance: isProduction ? 't4g.small' : 't4g.micro',
    // A login takes one step over several keys, which a cluster refuses.
    cluster: false,
    // With any other policy a full memory would drop locks; the gateway does not start then.
    parameters: { 'maxmemory-policy': 'noeviction' },
    transform: {
      cluster: args => {
        if (isProduction) {
          args.numCacheClusters = 2
          args.automaticFailoverEnabled = true
          args.multiAzEnabled = true
        }
      },
    },
  })
  const { username, password, host, port } = database
  return {
    vpc,
    databaseUrl: $interpolate`mysql://${username}:${password}@${host}:${port}/${database.database}?tls=on&tls_ca=/var/task/rds-ca.pem`,
    redisUrl: $interpolate`rediss://${redis.username}:${redis.password!.apply(encodeURIComponent)}@${redis.host}:${redis.port}/0`,
    files: aws.getRegionOutput().region.apply(region => [{ from: writeRdsCa(region), to: 'rds-ca.pem' }]),
  }
}
