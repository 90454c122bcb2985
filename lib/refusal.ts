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
