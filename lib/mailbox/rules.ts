/** Figures about passwords that both setting one and checking one go by. */

/** bcrypt reads no further, so a longer password would be open to everyone who knows the first 72 bytes. */
export const maxPasswordBytes = 72
