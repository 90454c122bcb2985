/** Apart from the spool itself, which a cloud function has not got, and no driver for its lock. */
export class SpoolFull extends Error {
  override name = 'SpoolFull'
}
