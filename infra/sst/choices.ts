/** What an operator chooses for a stage, in the environment or in the file `.env.<stage>`. */

export interface Choices {
  /** Kept, protected, watched: it may cost something. */
  isProduction: boolean
  /** `urls`: MySQL and Redis that exist. `vpc`: managed ones of this stage, in a network of their own. */
  stores: 'urls' | 'vpc'
  /** How whoever asks nginx-auth proves itself. */
  edgeAuth: 'hmac' | 'secret'
  /** Of the console; null = one that CloudFront gives. */
  domain: string | null
  /** ARN, in us-east-1, for a domain whose DNS is not at Route 53. */
  certificate: string | null
  /** Who is told of alarms; null = nobody. */
  alarmMail: string | null
}

/** @throws an Error that names the variable and what is allowed */
export function readChoices(env: Record<string, string | undefined>, stage: string): Choices {
  const read = (name: string) => env[name]?.trim() || null
  const pick = <Option extends string>(name: string, options: readonly Option[]): Option => {
    const text = read(name) ?? options[0]!
    const option = options.find(each => each === text)
    if (option === undefined)
      throw new Error(`${name}: "${text}" is not allowed; write ${options.join(' or ')}`)
    return option
  }
  const domain = read('CLOUD_DOMAIN')
  const certificate = read('CLOUD_CERTIFICATE')
  if (domain !== null && !/^([a-z0-9-]+\.)+[a-z]+$/.test(domain)) {
    throw new Error(`CLOUD_DOMAIN: "${domain}" is not allowed; write a name like console.example.org`)
  }
  if (certificate !== null && domain === null)
    throw new Error('CLOUD_CERTIFICATE: without CLOUD_DOMAIN it serves nothing')
  return {
    isProduction: stage === 'production',
    stores: pick('CLOUD_STORES', ['urls', 'vpc']),
    edgeAuth: pick('CLOUD_EDGE_AUTH', ['hmac', 'secret']),
    domain,
    certificate,
    alarmMail: read('CLOUD_ALARM_MAIL'),
  }
}
