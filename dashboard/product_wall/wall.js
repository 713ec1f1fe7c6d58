// Cards are kept by item id, so that a rerun changes only what differs and focus stays where it is.
function element(name, className, text) {
  const node = document.createElement(name)
  node.className = className
  if (text !== undefined) node.textContent = text
  return node
}

function button(className, text, spoken, onclick) {
  const node = element("button", className, text)
  node.type = "button"
  if (spoken) node.setAttribute("aria-label", spoken)
  node.onclick = onclick
  return node
}

function badge(of, className) {
  const node = element("span", `${className} ${of.tone}`, of.text)
  if (of.about) node.title = of.about
  return node
}

function picture(card) {
  const frame = element("span", "picture")
  const monogram = element("span", "monogram", (card.title || card.item_id).trim().charAt(0).toUpperCase())
  monogram.setAttribute("aria-hidden", "true")
  frame.append(monogram)
  if (card.image) {
    const image = element("img", "photo")
    image.alt = card.alt
    image.loading = "lazy"
    image.decoding = "async"
    image.onerror = () => image.remove()
    image.src = card.image
    frame.append(image)
  }
  const place = element("span", "place")
  if (card.position !== null) place.append(element("span", "position", String(card.position)))
  if (card.moved) place.append(badge(card.moved, "moved"))
  if (place.childElementCount) frame.append(place)
  if (card.badges.length) {
    const row = element("span", "badges")
    row.append(...card.badges.map((each) => badge(each, "badge")))
    frame.append(row)
  }
  return frame
}

function spoken(card) {
  const told = card.badges.map((each) => each.about || each.text)
  const parts = [card.position, card.moved?.about, card.alt, card.price, card.was && `was ${card.was}`]
  return [...parts, card.numbers, card.note, card.reason, ...told].filter(Boolean).join(". ")
}

function prices(card) {
  const node = element("span", "price")
  if (card.was) {
    const was = element("s", "was", card.was)
    was.setAttribute("aria-hidden", "true")
    node.append(was, " ")
  }
  node.append(card.price)
  return node
}

function build(card, actions, send, openMenu) {
  const item = element("li", card.selected ? "card selected" : "card")
  item.dataset.item = card.item_id
  const open = button("open", undefined, spoken(card), () => send(card.item_id, "open"))
  open.append(picture(card))
  const line = element("span", "line")
  line.append(element("span", "title", card.title || card.item_id))
  if (card.price) line.append(prices(card))
  open.append(line)
  for (const name of ["facts", "numbers", "reason", "note"]) {
    if (card[name]) open.append(element("span", name, card[name]))
  }
  item.append(open)
  const name = card.title || card.item_id
  const below = actions.filter((action) => !action.menu)
  const rarer = actions.filter((action) => action.menu)
  if (actions.length) {
    const row = element("div", "actions")
    for (const action of below) {
      row.append(button("action", action.label, `${action.label}: ${name}`, () => send(card.item_id, action.name)))
    }
    if (rarer.length) {
      const more = button("action more", "More", `More for ${name}`, () => openMenu(more, card, rarer))
      more.setAttribute("aria-haspopup", "menu")
      row.append(more)
    }
    item.append(row)
  }
  return item
}

// One menu a wall, filled for the card whose button opened it; it lies in the top layer, so nothing cuts it off.
function menuOf(menu, send) {
  return (opener, card, actions) => {
    menu.replaceChildren(
      ...actions.map((action) => {
        const entry = button("entry", action.label, undefined, () => {
          menu.hidePopover()
          send(card.item_id, action.name)
        })
        entry.setAttribute("role", "menuitem")
        return entry
      })
    )
    menu.setAttribute("aria-label", card.title || card.item_id)
    menu.showPopover()
    const at = opener.getBoundingClientRect()
    const left = Math.min(at.left, innerWidth - menu.offsetWidth - 8)
    const below = at.bottom + 4
    const top = below + menu.offsetHeight > innerHeight ? Math.max(8, at.top - menu.offsetHeight - 4) : below
    menu.style.left = `${Math.max(8, left)}px`
    menu.style.top = `${top}px`
    menu.firstElementChild?.focus()
    closeWhenLeft(menu, opener, at.top)
    menu.onkeydown = (event) => walk(event, [...menu.children], { ArrowDown: 1, ArrowUp: -1 })
  }
}

// The menu does not scroll along: it closes once its card has moved away from it.
function closeWhenLeft(menu, opener, top) {
  const look = () => {
    const away = !menu.matches(":popover-open") || Math.abs(opener.getBoundingClientRect().top - top) > 24
    if (!away) return
    removeEventListener("scroll", look, { capture: true })
    if (menu.matches(":popover-open")) menu.hidePopover()
  }
  addEventListener("scroll", look, { capture: true })
}

function walk(event, buttons, steps) {
  const step = { ...steps, Home: -Infinity, End: Infinity }[event.key]
  const here = buttons.indexOf(event.target)
  if (step === undefined || here < 0) return
  event.preventDefault()
  buttons[Math.min(buttons.length - 1, Math.max(0, here + step))].focus()
}

function placesOf(wall) {
  return new Map([...wall.children].map((node) => [node.dataset.item, node.getBoundingClientRect()]))
}

// Cards glide from where they were, so that the eye can follow what a change did.
function glide(wall, before) {
  if (!before.size || matchMedia("(prefers-reduced-motion: reduce)").matches) return
  for (const node of wall.children) {
    const from = before.get(node.dataset.item)
    if (!from) {
      node.animate([{ opacity: 0 }, { opacity: 1 }], 240)
      continue
    }
    const to = node.getBoundingClientRect()
    const [x, y] = [from.left - to.left, from.top - to.top]
    if (x || y) node.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { duration: 240, easing: "ease-out" })
  }
}

function focusedIn(wall) {
  const node = wall.getRootNode().activeElement
  const item = node?.closest?.(".card")
  return item && wall.contains(item) ? { item: item.dataset.item, at: [...item.querySelectorAll("button")].indexOf(node) } : null
}

function focusAgain(wall, focused) {
  if (!focused || focusedIn(wall)) return
  const item = [...wall.children].find((node) => node.dataset.item === focused.item)
  item?.querySelectorAll("button")[focused.at]?.focus({ preventScroll: true })
}

const drawn = new WeakMap()

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const wall = parentElement.querySelector(".wall")
  if (!wall || !data) return
  const send = (item_id, action) => setTriggerValue("click", { item_id, action })
  const openMenu = menuOf(parentElement.querySelector(".menu"), send)
  wall.className = data.layout ? `wall ${data.layout}` : "wall"
  wall.setAttribute("aria-label", data.label)
  wall.onkeydown = (event) => walk(event, [...wall.querySelectorAll("button.open")], { ArrowRight: 1, ArrowLeft: -1 })
  const before = drawn.get(wall) ?? new Map()
  const now = new Map()
  for (const card of data.cards) {
    const sign = JSON.stringify([card, data.actions])
    const known = before.get(card.item_id)
    const kept = known && known.sign === sign
    now.set(card.item_id, kept ? known : { sign, node: build(card, data.actions, send, openMenu) })
  }
  const nodes = [...now.values()].map((entry) => entry.node)
  const same = nodes.length === wall.children.length && nodes.every((node, at) => node === wall.children[at])
  if (!same) {
    const focused = focusedIn(wall)
    const places = placesOf(wall)
    wall.replaceChildren(...nodes)
    focusAgain(wall, focused)
    glide(wall, places)
  }
  drawn.set(wall, now)
}
