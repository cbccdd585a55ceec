// The binary opcodes that make values and fill containers, and the table of all opcodes.

#include "formats/pickle/pickle_machine.h"

#include <bit>

namespace quantscope {

void PickleMachine::persistent() { push(m_tree.addPair(PickleKind::Persistent, pop(), 0)); }

template <class T, bool checkSign> void PickleMachine::binaryLong()
{
    const std::uint64_t length = m_cursor.number<T>();
    if (checkSign && length > 0x7FFFFFFF)
        fail("the pickle has an integer of negative length");
    const std::uint64_t at = m_cursor.position();
    const auto bytes = m_cursor.take(length);
    if (length > 8)
        return push(m_tree.addText(PickleKind::BigInt, at, length));
    std::uint64_t value = length > 0 && (std::to_integer<unsigned>(bytes.back()) & 0x80) != 0 ? ~0ull : 0;
    for (std::size_t i = bytes.size(); i-- > 0;)
        value = (value << 8) | std::to_integer<std::uint64_t>(bytes[i]);
    push(m_tree.addScalar(PickleKind::Int, static_cast<std::int64_t>(value)));
}

void PickleMachine::binaryFloat()
{
    std::uint64_t bits = 0; // the one big-endian number of the format
    for (const std::byte b : m_cursor.take(8))
        bits = (bits << 8) | std::to_integer<std::uint64_t>(b);
    push(m_tree.addReal(std::bit_cast<double>(bits)));
}

template <class T, PickleKind kind> void PickleMachine::sizedText()
{
    const std::uint64_t length = m_cursor.number<T>();
    const std::uint64_t at = m_cursor.position();
    m_cursor.skip(length);
    push(m_tree.addText(kind, at, length));
}

void PickleMachine::markedTuple() { push(m_tree.addTuple(popToMark())); }

void PickleMachine::markedList()
{
    const PickleRef list = m_tree.addContainer(PickleKind::List);
    if (const auto items = popToMark(); !items.empty())
        m_tree.append(list, items);
    push(list);
}

void PickleMachine::markedDict()
{
    const PickleRef dict = m_tree.addContainer(PickleKind::Dict);
    const auto items = popToMark();
    if (items.size() % 2 != 0)
        fail("the pickle makes a dict from a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2)
        requireHashable(items[i]);
    if (!items.empty())
        m_tree.set(dict, items);
    push(dict);
}

void PickleMachine::frozenSet()
{
    const PickleRef set = m_tree.addContainer(PickleKind::Set);
    if (const auto items = popToMark(); !items.empty())
        m_tree.append(set, items);
    push(set);
}

template <std::size_t count> void PickleMachine::shortTuple()
{
    std::array<PickleRef, count> items;
    for (std::size_t i = count; i-- > 0;)
        items[i] = pop();
    push(m_tree.addTuple(items));
}

void PickleMachine::appendOne()
{
    const PickleRef item = pop();
    mark();
    push(item);
    appendMarked();
}

void PickleMachine::appendMarked()
{
    const auto items = popToMark();
    const PickleRef target = top();
    const PickleKind kind = m_tree.kind(target);
    if (kind != PickleKind::List && kind != PickleKind::Call && kind != PickleKind::Object)
        fail("the pickle appends to something that is not a list");
    if (!items.empty())
        m_tree.append(target, items);
}

void PickleMachine::addMarked()
{
    const auto items = popToMark();
    const PickleRef target = top();
    if (!m_tree.is(target, PickleKind::Set) && !m_tree.is(target, PickleKind::Object))
        fail("the pickle adds elements to something that is not a set");
    if (!items.empty())
        m_tree.append(target, items);
}

void PickleMachine::requireSetTarget(PickleRef target)
{
    const PickleKind kind = m_tree.kind(target);
    if (kind != PickleKind::Dict && kind != PickleKind::Call && kind != PickleKind::Object)
        fail("the pickle sets a key of something that is not a dict");
}

void PickleMachine::requireHashable(PickleRef key)
{
    const PickleKind kind = m_tree.kind(key);
    if (kind == PickleKind::List || kind == PickleKind::Dict || kind == PickleKind::Set)
        fail("the pickle uses a list or dict as a key");
}

void PickleMachine::setOne()
{
    const PickleRef value = pop();
    const PickleRef key = pop();
    requireSetTarget(top());
    requireHashable(key);
    const PickleRef both[] = {key, value};
    m_tree.set(top(), both);
}

void PickleMachine::setMarked()
{
    const auto items = popToMark();
    const PickleRef target = top();
    requireSetTarget(target);
    if (items.size() % 2 != 0)
        fail("the pickle sets a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2)
        requireHashable(items[i]);
    if (!items.empty())
        m_tree.set(target, items);
}

void PickleMachine::global()
{
    const auto text = [&](std::string_view line) {
        const auto at = reinterpret_cast<const std::byte *>(line.data()) - m_tree.bytes().data();
        return m_tree.addText(PickleKind::Text, static_cast<std::uint64_t>(at), line.size());
    };
    const PickleRef module = text(line());
    const PickleRef attribute = text(line());
    push(m_tree.addPair(PickleKind::Global, module, attribute));
}

void PickleMachine::stackGlobal()
{
    const PickleRef attribute = pop();
    const PickleRef module = pop();
    if (!m_tree.is(attribute, PickleKind::Text) || !m_tree.is(module, PickleKind::Text))
        fail("the pickle names a class by something that is not text");
    push(m_tree.addPair(PickleKind::Global, module, attribute));
}

const std::array<PickleMachine::Handler, 256> &PickleMachine::handlers()
{
    static const std::array<Handler, 256> table = [] {
        std::array<Handler, 256> t{};
        addHandlersOfText(t);
        addHandlersOfBinary(t);
        return t;
    }();
    return table;
}

void PickleMachine::addHandlersOfText(std::array<Handler, 256> &t)
{
    using M = PickleMachine;
    t['('] = &M::mark;
    t['.'] = &M::stop;
    t['0'] = &M::drop;
    t['1'] = &M::dropToMark;
    t['2'] = &M::duplicate;
    t['F'] = &M::textFloat;
    t['I'] = &M::textInt;
    t['L'] = &M::textLong;
    t['S'] = &M::textString;
    t['V'] = &M::textUnicode;
    t['P'] = &M::textPersistent;
    t['N'] = &M::none;
    t['R'] = &M::reduce;
    t['a'] = &M::appendOne;
    t['b'] = &M::buildState;
    t['c'] = &M::global;
    t['d'] = &M::markedDict;
    t['e'] = &M::appendMarked;
    t['g'] = &M::textGet;
    t['i'] = &M::instance;
    t['l'] = &M::markedList;
    t['o'] = &M::objectFromMark;
    t['p'] = &M::textPut;
    t['s'] = &M::setOne;
    t['t'] = &M::markedTuple;
    t['u'] = &M::setMarked;
    t['}'] = &M::emptyDict;
    t[']'] = &M::emptyList;
    t[')'] = &M::emptyTuple;
}

void PickleMachine::addHandlersOfBinary(std::array<Handler, 256> &t)
{
    using M = PickleMachine;
    t['J'] = &M::binaryInt<std::int32_t>;
    t['K'] = &M::binaryInt<std::uint8_t>;
    t['M'] = &M::binaryInt<std::uint16_t>;
    t['G'] = &M::binaryFloat;
    t['Q'] = &M::persistent;
    t['T'] = &M::sizedText<std::uint32_t, PickleKind::Text>;
    t['U'] = &M::sizedText<std::uint8_t, PickleKind::Text>;
    t['X'] = &M::sizedText<std::uint32_t, PickleKind::Text>;
    t['B'] = &M::sizedText<std::uint32_t, PickleKind::Bytes>;
    t['C'] = &M::sizedText<std::uint8_t, PickleKind::Bytes>;
    t['h'] = &M::get<std::uint8_t>;
    t['j'] = &M::get<std::uint32_t>;
    t['q'] = &M::put<std::uint8_t>;
    t['r'] = &M::put<std::uint32_t>;
    t[0x80] = &M::protocol;
    t[0x81] = &M::newObject;
    t[0x85] = &M::shortTuple<1>;
    t[0x86] = &M::shortTuple<2>;
    t[0x87] = &M::shortTuple<3>;
    t[0x88] = &M::yes;
    t[0x89] = &M::no;
    t[0x8a] = &M::binaryLong<std::uint8_t, false>;
    t[0x8b] = &M::binaryLong<std::uint32_t, true>;
    t[0x8c] = &M::sizedText<std::uint8_t, PickleKind::Text>;
    t[0x8d] = &M::sizedText<std::uint64_t, PickleKind::Text>;
    t[0x8e] = &M::sizedText<std::uint64_t, PickleKind::Bytes>;
    t[0x8f] = &M::emptySet;
    t[0x90] = &M::addMarked;
    t[0x91] = &M::frozenSet;
    t[0x92] = &M::newObjectWithKeywords;
    t[0x93] = &M::stackGlobal;
    t[0x94] = &M::memoize;
    t[0x95] = &M::frame;
    t[0x96] = &M::sizedText<std::uint64_t, PickleKind::Bytes>; // BYTEARRAY8
}

} // namespace quantscope
