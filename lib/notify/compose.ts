/** From what has happened to the mail about it. */
import type { Settings } from '../settings/definitions.ts'
import type { Language } from '../settings/notify-settings.ts'
import { fillTemplate } from '../settings/template.ts'
import type { Notice } from './notice.ts'
import { builtIn, eventNames, testText } from './texts.ts'

export interface Mail {
  subject: string
  text: string
}

type NotifySettings = Pick<Settings, 'notify'>

/** In the language, or the languages one below the other, that are set now. */
export const composeNotice = (settings: NotifySettings, notice: Notice): Mail =>
  inLanguages(settings, language => {
    const { notify } = settings
    const { kind } = notice
    const { subject, text } = builtIn[kind][language]
    return {
      subject: notify[`${kind}_subject_${language}`] || subject,
      text: notify[`${kind}_text_${language}`] || text,
      values: {
        user: notice.user || '-',
        address: showPlace(notice.address),
        network: notice.network || '-',
        event: eventNames[language][notice.event],
        time: showTime(notice.time),
      },
    }
  })

export const composeTest = (settings: NotifySettings, now: number): Mail =>
  inLanguages(settings, language => ({ ...testText[language], values: { time: showTime(now) } }))

type Wording = Mail & { values: Record<string, string> }

function inLanguages({ notify }: NotifySettings, word: (language: Language) => Wording): Mail {
  const languages: Language[] = notify.language === 'both' ? ['en', 'zh'] : [notify.language]
  const parts = languages.map(language => {
    const { subject, text, values } = word(language)
    return { subject: fillTemplate(subject, values), text: fillTemplate(text, values) }
  })
  return {
    subject: parts.map(({ subject }) => subject).join(' / '),
    text: `${parts.map(({ text }) => text).join(`\n\n${'-'.repeat(72)}\n\n`)}\n`,
  }
}

/** One address without the length of its prefix. */
const showPlace = (place: string) => place.replace(/\/(32|128)$/, '') || '-'

const showTime = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
