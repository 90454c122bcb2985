/** The access token lives in the memory of the page; the cookie that renews it is out of reach of any script. */
let held: string | null = null

export const accessToken = (): string | null => held

export function holdToken(token: string): void {
  held = token
}

export function forgetToken(): void {
  held = null
}

let renewing: Promise<boolean> | null = null

/**
 * A new token for the session of this browser, if it has one. Refresh tokens are good once, so tabs take turns.
 * @returns whether there is a session; throws when the gateway cannot be reached
 */
export function renewToken(): Promise<boolean> {
  renewing ??= navigator.locks.request('refresh', renew).finally(() => {
    renewing = null
  })
  return renewing
}

async function renew(): Promise<boolean> {
  const response = await fetch('/refresh', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
    // Else who leaves the page in the midst of it loses the next token, and with it the session.
    keepalive: true,
  })
  if (response.ok) {
    holdToken(((await response.json()) as { access_token: string }).access_token)
    return true
  }
  // 408, 429 and what is broken tell nothing of the session.
  if (response.status !== 401 && response.status !== 403) throw new Error(`refresh: ${response.status}`)
  forgetToken()
  return false
}
