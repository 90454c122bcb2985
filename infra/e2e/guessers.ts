/** People and attackers for tests of guessing: fresh names and places, and ways to guess. */
import { addMailbox } from '../../lib/mailbox/manage.ts'
import { answers, type Guarded } from './guarded.ts'

export const password = 'correct horse 1'
export const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

let serial = 0

/** An address in a /24 that no test has used. */
export function newPlace(): string {
  const n = serial++
  return `198.${18 + (n >> 8)}.${n & 255}.7`
}

/** A name that no test has used. */
export const newName = () => `user${serial++}@example.com`

/** A mailbox under a new name. Its password is `password`. */
export async function newUser(gateway: Guarded): Promise<string> {
  const name = newName()
  await addMailbox(gateway.services(), { name, password })
  return name
}

/** A mailbox that has been used from there. */
export async function newUserAt(gateway: Guarded, from: string): Promise<string> {
  const user = await newUser(gateway)
  await login(gateway, user, from)
  return user
}

/** What the right password is answered. */
export async function login(gateway: Guarded, user: string, from: string): Promise<string | null> {
  return (await gateway.ask({ user, password, from })).status
}

/** What the right password is told, and why. */
export async function standing(gateway: Guarded, user: string, from: string): Promise<string> {
  const { status } = await gateway.ask({ user, password, from })
  const { reason } = await gateway.lastRow()
  const told = Object.entries(answers).find(([, text]) => text === status)?.[0]
  return `${told}: ${reason}`
}

/** A wrong password that nobody has tried. @returns what it is answered */
export async function guess(gateway: Guarded, user: string, from: string): Promise<string | null> {
  return (await gateway.ask({ user, password: `wrong ${serial++}`, from })).status
}

/** So far apart that the short count of a user never fills. */
export const patience = 16 * second

/** Wrong passwords for one user, one by one. */
export async function guessSlowly(
  gateway: Guarded,
  user: string,
  times: number,
  from: (n: number) => string,
): Promise<void> {
  for (let n = 0; n < times; n++) {
    await guess(gateway, user, from(n))
    gateway.pass(patience)
  }
}

/** One wrong password for each of so many users, of whom every other one exists. */
export async function spray(gateway: Guarded, users: number, from: string): Promise<void> {
  for (let n = 0; n < users; n++) {
    await guess(gateway, n % 2 ? newName() : await newUser(gateway), from)
  }
}
