import { language } from '../app/language.ts'
import { inChinese } from './server-sentences.ts'

/** What the gateway says, in the reader's language as far as it is known there. */
export const inWords = (text: string): string => (language() === 'zh' ? inChinese(text) : text)
