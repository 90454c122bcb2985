/** What the protection against guessing had to do with an attempt: counters, bans, locks and the settings behind them. */
import { Alert, Flex, Progress, Tag, Typography } from 'antd'
import type { Answer } from '../../api/types.ts'
import { localeOf, useLanguage, useTexts } from '../../app/language.ts'
import { formatTime } from '../../ui/time.tsx'
import { texts } from './texts.ts'

type Explained = Answer<'GET /api/auth-log/{request_id}'>

export function Guard({ explained }: { explained: Explained }) {
  const t = useTexts(texts)
  const locale = localeOf(useLanguage())
  const { counters, bans, settings, locks_now } = explained
  const locks = locks_now === null ? [t.locksUnknown] : locksOf(locks_now, t, locale)
  return (
    <>
      {locks.map(text => (
        <Alert key={text} type="warning" showIcon title={text} />
      ))}
      {counters.length > 0 && (
        <section>
          <h2 style={{ fontSize: 15 }}>{t.counters}</h2>
          <Flex vertical gap={8}>
            {counters.map(({ counter, count, limit }) => (
              <Flex key={counter} gap={12} align="center">
                <span style={{ width: 140 }}>{t.counterNames[counter] ?? counter}</span>
                <Progress
                  style={{ flex: 1 }}
                  aria-label={counter}
                  percent={Math.min(100, Math.round((count / limit) * 100))}
                  status={count >= limit ? 'exception' : 'normal'}
                  format={() => `${count} / ${limit}`}
                />
              </Flex>
            ))}
          </Flex>
        </section>
      )}
      {bans.length > 0 && (
        <section>
          <h2 style={{ fontSize: 15 }}>{t.bans}</h2>
          <Flex vertical gap={8}>
            {bans.map(({ id, cidr, note, author, starts_at, ends_at, in_force }) => (
              <div key={id}>
                <Typography.Text code>{cidr}</Typography.Text>{' '}
                <Tag color={in_force ? 'error' : 'default'}>{in_force ? t.inForce : t.over}</Tag>
                {[author, note].filter(Boolean).join(': ')}
                <br />
                <Typography.Text type="secondary">
                  {formatTime(starts_at, locale)} –{' '}
                  {ends_at === null ? t.forEver : formatTime(ends_at, locale)}
                </Typography.Text>
              </div>
            ))}
          </Flex>
        </section>
      )}
      {settings.length > 0 && (
        <section>
          <h2 style={{ fontSize: 15 }}>{t.settings}</h2>
          <Flex wrap gap={8}>
            {settings.map(({ name, value }) => (
              <Typography.Text code key={name}>
                {name}: {value}
              </Typography.Text>
            ))}
          </Flex>
        </section>
      )}
    </>
  )
}

function locksOf(locks: NonNullable<Explained['locks_now']>, t: typeof texts.en, locale: string): string[] {
  const { strangers_until, network_until, shut } = locks
  return [
    strangers_until !== null && t.lockedToStrangers(formatTime(strangers_until, locale)),
    network_until !== null && t.lockedHere(formatTime(network_until, locale)),
    shut !== null && t.shut(formatTime(shut.until, locale)),
  ].filter(text => text !== false)
}
