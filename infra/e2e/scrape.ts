/** Reading a gateway's metrics as monitoring does. */

export interface Scrape {
  text: string
  /** Every series with its labels, such as `x_total{reason="ok"}`, and its value. */
  series: Map<string, number>
}

/** @param secret `auth_server.secret`, '' = none */
export async function scrape(port: number, secret = ''): Promise<Scrape> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { 'X-Auth-Key': secret } })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`/metrics answered ${response.status}: ${text}`)
  const samples = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return {
    text,
    series: new Map(
      samples.map(line => {
        const end = line.lastIndexOf(' ')
        return [line.slice(0, end), Number(line.slice(end + 1))]
      }),
    ),
  }
}
