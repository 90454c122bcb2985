/** Without a link or button in its rows the keyboard cannot scroll a table: then the table itself can be focused. */
import type { Table } from 'antd'
import { type ComponentRef, useEffect, useRef } from 'react'

/** @returns the `ref` of the table */
export function useScrolledByKeys() {
  const place = useRef<ComponentRef<typeof Table>>(null)
  useEffect(() => {
    const scrolled = place.current?.nativeElement.querySelector('.ant-table-body, .ant-table-content')
    if (scrolled?.querySelector('tbody :is(a[href], button, input)')) scrolled.removeAttribute('tabindex')
    else scrolled?.setAttribute('tabindex', '0')
  })
  return place
}
