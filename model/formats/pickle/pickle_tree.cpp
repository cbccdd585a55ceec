#include "formats/pickle/pickle_tree.h"

namespace quantscope {

namespace {

/// Names are copied for every call: one of a megabyte, used a million times, must not cost more than a short one.
constexpr std::size_t kLongestName = 256;

} // namespace

PickleTree::PickleTree(std::vector<std::byte> bytes, const Limits &limits, Budget &budget)
    : m_bytes(std::move(bytes))
    , m_limits(limits)
    , m_budget(budget)
{
    m_shared.fill(kNoPickleRef);
}

std::string_view PickleTree::text(PickleRef ref) const
{
    const Node &node = m_nodes[ref];
    if (node.kind != PickleKind::Text && node.kind != PickleKind::Bytes && node.kind != PickleKind::BigInt)
        return {};
    const char *base = node.owned ? m_ownText.data() : reinterpret_cast<const char *>(m_bytes.data());
    return {base + node.pair.a, node.pair.b};
}

std::span<const PickleRef> PickleTree::items(PickleRef ref) const
{
    const Node &node = m_nodes[ref];
    if (node.kind == PickleKind::Tuple)
        return std::span(m_tuples).subspan(node.pair.a, node.pair.b);
    return node.extra == 0 ? std::span<const PickleRef>() : m_extras[node.extra - 1].items;
}

std::span<const PickleRef> PickleTree::pairs(PickleRef ref) const
{
    const Node &node = m_nodes[ref];
    return node.extra == 0 ? std::span<const PickleRef>() : m_extras[node.extra - 1].pairs;
}

PickleRef PickleTree::state(PickleRef ref) const
{
    const Node &node = m_nodes[ref];
    return node.extra == 0 ? kNoPickleRef : m_extras[node.extra - 1].state;
}

PickleRef PickleTree::classOf(PickleRef ref) const
{
    if (m_nodes[ref].kind != PickleKind::Persistent || !is(persistentId(ref), PickleKind::Tuple))
        return kNoPickleRef;
    const auto parts = items(persistentId(ref));
    const std::size_t at = !parts.empty() && is(parts[0], PickleKind::Text) && text(parts[0]) == "module" ? 1 : 0;
    return at < parts.size() && is(parts[at], PickleKind::Global) ? parts[at] : kNoPickleRef;
}

std::string PickleTree::globalName(PickleRef ref) const
{
    if (const PickleRef named = classOf(ref); named != kNoPickleRef)
        ref = named;
    if (m_nodes[ref].kind != PickleKind::Global)
        return {};
    std::string_view module = globalModule(ref);
    if (module == "__builtin__")
        module = "builtins";
    return std::string(module.substr(0, kLongestName)) + "."
        + std::string(globalAttribute(ref).substr(0, kLongestName));
}

PickleRef PickleTree::lookup(PickleRef ref, std::string_view key) const
{
    const auto list = pairs(ref);
    for (std::size_t i = 0; i + 1 < list.size(); i += 2)
        if (is(list[i], PickleKind::Text) && text(list[i]) == key)
            return list[i + 1];
    return kNoPickleRef;
}

PickleRef PickleTree::add(Node node)
{
    if (m_nodes.size() >= m_limits.pickleNodes)
        throw ParseError("the pickle describes more objects than are read");
    m_budget.charge(sizeof(Node), "the pickle");
    m_nodes.push_back(node);
    return static_cast<PickleRef>(m_nodes.size() - 1);
}

PickleRef PickleTree::addScalar(PickleKind kind, std::int64_t value)
{
    Node node;
    node.kind = kind;
    node.integer = value;
    if (value < -1 || value >= kSharedIntegers - 1)
        return add(node);
    const std::int64_t row = kind == PickleKind::None ? 0 : kind == PickleKind::Bool ? 1 : 2;
    PickleRef &shared = m_shared[static_cast<std::size_t>(row * kSharedIntegers + value + 1)];
    if (shared == kNoPickleRef)
        shared = add(node);
    return shared;
}

PickleRef PickleTree::addReal(double value)
{
    Node node;
    node.kind = PickleKind::Float;
    node.real = value;
    return add(node);
}

PickleRef PickleTree::addText(PickleKind kind, std::uint64_t offset, std::uint64_t length)
{
    Node node;
    node.kind = kind;
    node.pair = {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)};
    return add(node);
}

PickleRef PickleTree::addOwnedText(PickleKind kind, std::string_view text)
{
    m_budget.charge(2 * text.size(), "the pickle's text");
    const PickleRef ref = addText(kind, m_ownText.size(), text.size());
    m_nodes[ref].owned = true;
    m_ownText += text;
    return ref;
}

PickleRef PickleTree::addTuple(std::span<const PickleRef> items)
{
    if (items.empty() && m_emptyTuple != kNoPickleRef)
        return m_emptyTuple;
    Node node;
    node.kind = PickleKind::Tuple;
    node.pair = {static_cast<std::uint32_t>(m_tuples.size()), static_cast<std::uint32_t>(items.size())};
    grow(m_tuples, items);
    const PickleRef ref = add(node);
    if (items.empty())
        m_emptyTuple = ref;
    return ref;
}

PickleRef PickleTree::addPair(PickleKind kind, PickleRef a, PickleRef b)
{
    Node node;
    node.kind = kind;
    node.pair = {a, b};
    return add(node);
}

PickleRef PickleTree::addContainer(PickleKind kind)
{
    Node node;
    node.kind = kind;
    return add(node);
}

PickleTree::Extra &PickleTree::extra(PickleRef ref)
{
    Node &node = m_nodes[ref];
    if (node.extra == 0) {
        m_budget.charge(sizeof(Extra), "the pickle");
        m_extras.emplace_back();
        node.extra = static_cast<std::uint32_t>(m_extras.size());
    }
    return m_extras[node.extra - 1];
}

void PickleTree::grow(std::vector<PickleRef> &list, std::span<const PickleRef> added)
{
    // A growing vector keeps up to twice its elements, and allocations have their own few bytes.
    m_budget.charge(2 * sizeof(PickleRef) * added.size() + (list.empty() ? 32 : 0), "the pickle");
    list.insert(list.end(), added.begin(), added.end());
}

void PickleTree::append(PickleRef ref, std::span<const PickleRef> items) { grow(extra(ref).items, items); }
void PickleTree::set(PickleRef ref, std::span<const PickleRef> keysAndValues) { grow(extra(ref).pairs, keysAndValues); }
void PickleTree::build(PickleRef ref, PickleRef state) { extra(ref).state = state; }

} // namespace quantscope
