/** With a capital letter, for headings and labels. */
export const titled = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
