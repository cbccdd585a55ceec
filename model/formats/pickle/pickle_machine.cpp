#include "formats/pickle/pickle_machine.h"

#include "base/text.h"
#include "formats/pickle/call_policy.h"

#include <fmt/format.h>

namespace quantscope {

PickleTree PickleMachine::run(
    std::vector<std::byte> pickle, std::uint64_t fileOffset, const Limits &limits, Budget &budget)
{
    PickleTree tree(std::move(pickle), limits, budget);
    PickleMachine machine(tree, fileOffset, budget);
    machine.runToStop();
    return tree;
}

void PickleMachine::runToStop()
{
    const auto &table = handlers();
    while (m_running) {
        if (m_cursor.atEnd())
            fail("the pickle has no end: it was cut off");
        const std::uint8_t opcode = m_cursor.u8();
        const Handler handler = table[opcode];
        if (handler == nullptr)
            fail(fmt::format("the pickle has the opcode 0x{:02x}, which model files do not use", opcode));
        (this->*handler)();
    }
    m_tree.root = pop();
}

void PickleMachine::remember(std::uint64_t index)
{
    // Writers number the memo in order, and each entry takes at least a byte: a larger index is a damaged number.
    if (index > m_tree.bytes().size())
        fail(fmt::format("the pickle's memo index {} is larger than the pickle", index));
    if (index >= m_memo.size()) {
        m_budget.charge((index + 1 - m_memo.size()) * 2 * sizeof(PickleRef), "the pickle's memo");
        m_memo.resize(index + 1, kNoPickleRef);
    }
    if (m_memo[index] == kNoPickleRef)
        ++m_memoCount;
    m_memo[index] = top();
}

void PickleMachine::recall(std::uint64_t index)
{
    if (index >= m_memo.size() || m_memo[index] == kNoPickleRef)
        fail(fmt::format("the pickle reads memo entry {}, which was not written", index));
    push(m_memo[index]);
}

void PickleMachine::requireCallable(PickleRef callable)
{
    if (const PickleRef named = m_tree.classOf(callable); named != kNoPickleRef)
        callable = named;
    const PickleKind kind = m_tree.kind(callable);
    if (kind != PickleKind::Global && kind != PickleKind::Call && kind != PickleKind::Object)
        fail("the pickle calls something that is neither a class nor a function");
    if (kind != PickleKind::Global)
        return;
    if (isHostileCallable(m_tree.globalModule(callable), m_tree.globalAttribute(callable)))
        fail(fmt::format("needs a call of {}, which QuantScope does not make: the file is not trustworthy",
            printable(m_tree.globalName(callable))));
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

void PickleMachine::reduce()
{
    const PickleRef arguments = pop();
    const PickleRef callable = pop();
    if (!m_tree.is(arguments, PickleKind::Tuple))
        fail("the pickle calls with something that is not a tuple of arguments");
    requireCallable(callable);
    push(m_tree.addPair(PickleKind::Call, callable, arguments));
}

void PickleMachine::newObject()
{
    const PickleRef arguments = pop();
    const PickleRef type = pop();
    requireCallable(type);
    push(m_tree.addPair(PickleKind::Object, type, arguments));
}

void PickleMachine::newObjectWithKeywords()
{
    const PickleRef keywords = pop();
    const PickleRef arguments = pop();
    const PickleRef type = pop();
    requireCallable(type);
    const PickleRef both[] = {arguments, keywords};
    push(m_tree.addPair(PickleKind::Object, type, m_tree.addTuple(both)));
}

void PickleMachine::instance()
{
    global();
    const PickleRef type = pop();
    requireCallable(type);
    const PickleRef arguments = m_tree.addTuple(popToMark());
    push(m_tree.addPair(PickleKind::Object, type, arguments));
}

void PickleMachine::objectFromMark()
{
    const auto marked = popToMark();
    if (marked.empty())
        fail("the pickle makes an object without a class");
    const PickleRef type = marked.front();
    requireCallable(type);
    const PickleRef arguments = m_tree.addTuple(marked.subspan(1));
    push(m_tree.addPair(PickleKind::Object, type, arguments));
}

void PickleMachine::buildState()
{
    const PickleRef state = pop();
    const PickleRef target = top();
    const PickleKind kind = m_tree.kind(target);
    if (kind != PickleKind::Call && kind != PickleKind::Object)
        fail(kind == PickleKind::Global ? "the pickle changes a module's own object"
                                        : "the pickle gives a state to a plain value");
    m_tree.build(target, state);
}

void PickleMachine::protocol()
{
    const std::uint8_t version = m_cursor.u8();
    if (version > 5)
        fail(fmt::format("the pickle has protocol {}, only 0 to 5 are known", version));
}

void PickleMachine::frame()
{
    const std::uint64_t length = m_cursor.u64();
    if (length > m_cursor.remaining())
        fail("the pickle's frame is longer than the pickle");
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
