/** What a verb answers when it cannot do what was asked: expected, for people to read, and nothing has been changed. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: 'invalid' | 'not_found' | 'conflict'
  /** The input that is at fault, as the caller named it. */
  readonly field: string

  constructor(code: Refusal['code'], field: string, message: string) {
    super(message)
    this.code = code
    this.field = field
  }
}

/** For a removal that may be asked for again: what is not there any more counts as removed. */
export async function allowAbsent(removal: Promise<unknown>): Promise<void> {
  try {
    await removal
  } catch (error) {
    if (!(error instanceof Refusal && error.code === 'not_found')) throw error
  }
}
