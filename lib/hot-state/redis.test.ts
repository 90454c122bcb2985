import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { inject } from 'vitest'
import { describeHotState } from './contract.ts'
import { openRedisHotState } from './redis.ts'

const log = pino({ level: 'silent' })

describeHotState('Redis', async () => {
  const { url } = inject('redis')
  const { hostname: host, port, password } = new URL(url)
  return {
    hot: await openRedisHotState({
      options: { host, port: Number(port), password },
      prefix: `test-${randomUUID()}:`,
      keeper: {
        agree: async () => 1,
        read: async () => ({ generation: 1, runId: '' }),
        raise: async () => 2,
      },
      log,
    }),
    pass: ms => sleep(ms),
  }
})
