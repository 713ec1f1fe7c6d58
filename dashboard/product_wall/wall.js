// Cards are kept by item id, so that a rerun changes only what differs and focus stays where it is.
function element(name, className, text) {
  const node = document.createElement(name)
  node.className = className
  if (text !== undefined) node.textContent = text
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
  if (card.position !== null) frame.append(element("span", "position", String(card.position)))
  return frame
}

function build(card, actions, send) {
  const item = element("li", card.selected ? "card selected" : "card")
  const open = element("button", "open")
  open.type = "button"
  open.setAttribute("aria-label", [card.position, card.alt, card.price, card.reason].filter(Boolean).join(". "))
  open.onclick = () => send(card.item_id, "open")
  open.append(picture(card))
  const line = element("span", "line")
  line.append(element("span", "title", card.title || card.item_id))
  if (card.price) line.append(element("span", "price", card.price))
  open.append(line)
  if (card.facts) open.append(element("span", "facts", card.facts))
  if (card.reason) open.append(element("span", "reason", card.reason))
  if (card.note) open.append(element("span", "note", card.note))
  item.append(open)
  if (actions.length) {
    const row = element("div", "actions")
    for (const action of actions) {
      const button = element("button", "action", action.label)
      button.type = "button"
      button.setAttribute("aria-label", `${action.label}: ${card.title || card.item_id}`)
      button.onclick = () => send(card.item_id, action.name)
      row.append(button)
    }
    item.append(row)
  }
  return item
}

function move(event, wall) {
  const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key]
  if (step === undefined) return
  const buttons = [...wall.querySelectorAll("button.open")]
  const here = buttons.indexOf(event.target)
  if (here < 0) return
  event.preventDefault()
  buttons[Math.min(buttons.length - 1, Math.max(0, here + step))].focus()
}

const drawn = new WeakMap()

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const wall = parentElement.querySelector(".wall")
  if (!wall || !data) return
  const send = (item_id, action) => setTriggerValue("click", { item_id, action })
  wall.setAttribute("aria-label", data.label)
  wall.onkeydown = (event) => move(event, wall)
  const before = drawn.get(wall) ?? new Map()
  const now = new Map()
  for (const card of data.cards) {
    const sign = JSON.stringify([card, data.actions])
    const known = before.get(card.item_id)
    now.set(card.item_id, known && known.sign === sign ? known : { sign, node: build(card, data.actions, send) })
  }
  const nodes = [...now.values()].map((entry) => entry.node)
  const same = nodes.length === wall.children.length && nodes.every((node, at) => node === wall.children[at])
  if (!same) wall.replaceChildren(...nodes)
  drawn.set(wall, now)
}
