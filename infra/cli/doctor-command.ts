/** doctor. */
import type { Command } from 'commander'
import type { Finding } from '../doctor/finding.ts'
import { countOf, harmless, type OutputOptions, print } from './output.ts'
import { readPath } from './values.ts'

const exitCodes = `
Exit code: 0 nothing failed (there may be warnings), 1 something did, 2 command line not understood.`

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'look at everything that a login needs, and say what is wrong and what to do; leaves one row in the auth log',
    )
    .option(
      '--nginx-conf <file>',
      'read the output of nginx -T from this file; without it nginx is asked',
      readPath,
    )
    .option('--json', 'as JSON')
    .addHelpText('after', exitCodes)
    .action(async ({ json, nginxConf }: OutputOptions & { nginxConf?: string }) => {
      const { examine } = await import('../doctor/doctor.ts')
      const findings = await examine({ env: process.env, cwd: process.cwd(), nginxConf })
      print({ json }, findings, showFindings)
      if (findings.some(({ level }) => level === 'fail')) process.exitCode = 1
    })
}

function showFindings(findings: Finding[]): string {
  const lines = findings.flatMap(({ level, subject, found, advice }) => [
    harmless(`${level.padEnd(4)}  ${subject.padEnd(13)}  ${found}`),
    ...(advice === '' ? [] : [harmless(`${' '.repeat(21)}→ ${advice}`)]),
  ])
  const count = (level: Finding['level']) => findings.filter(each => each.level === level).length
  return [
    ...lines,
    '',
    `${count('fail')} failed, ${countOf(count('warn'), 'warning')}, ${count('ok')} fine`,
  ].join('\n')
}
