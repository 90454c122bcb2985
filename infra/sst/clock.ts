/** What is due is done once a minute: more often no schedule calls. */
import type { Functions } from './functions.ts'

export function keepTime({ tick }: Functions): void {
  new sst.aws.CronV2('Clock', { schedule: 'rate(1 minute)', function: tick, retries: 0 })
}
