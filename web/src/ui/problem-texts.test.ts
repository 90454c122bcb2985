import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { problemTexts } from './problem-texts.ts'

/** What the gateway answers with, as its sources say it. */
const codes = globSync('{lib,functions}/**/*.ts')
  .filter(file => !file.endsWith('.test.ts'))
  .flatMap(file => [...readFileSync(file, 'utf8').matchAll(/HttpProblem\(\s*\d{3},\s*'(\w+)'/g)])
  .map(([, code]) => code!)

test('every problem of the API has its words, in both languages', () => {
  expect(new Set(codes).size).toBeGreaterThan(15)
  for (const texts of [problemTexts.en, problemTexts.zh])
    expect(codes.filter(code => !(code in texts.codes))).toEqual([])
  expect(Object.keys(problemTexts.zh.codes)).toEqual(Object.keys(problemTexts.en.codes))
})
