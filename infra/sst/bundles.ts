/** What is deployed is what the sources say now. */
import { execFileSync } from 'node:child_process'

export const bundleAll = () => execFileSync('npm', ['run', '-s', 'build:cloud'], { stdio: 'inherit' })
