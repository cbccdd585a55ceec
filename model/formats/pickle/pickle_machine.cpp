#include "formats/pickle/pickle_machine.h"

#include "base/text.h"
#include "formats/pickle/call_policy.h"

#include <algorithm>

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

PickleMachine::PickleMachine(PickleTree &tree, std::uint64_t fileOffset, Budget &budget)
    : m_tree(tree)
    , m_cursor(tree.bytes(), fileOffset)
    , m_budget(budget)
{
}

void PickleMachine::fail(const std::string &message) const { throw ParseError(message, m_cursor.offset()); }

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

void PickleMachine::push(PickleRef ref)
{
    if (m_stack.size() == m_stack.capacity())
        m_budget.charge(std::max<std::size_t>(1024, m_stack.size()) * 2 * sizeof(PickleRef), "the pickle's stack");
    m_stack.push_back(ref);
}

PickleRef PickleMachine::pop()
{
    const PickleRef ref = top();
    m_stack.pop_back();
    return ref;
}

PickleRef PickleMachine::top() const
{
    if (m_stack.size() <= floor())
        fail("the pickle takes more from its stack than it has put there");
    return m_stack.back();
}

void PickleMachine::mark()
{
    if (m_marks.size() == m_marks.capacity())
        m_budget.charge(std::max<std::size_t>(64, m_marks.size()) * 2 * sizeof(std::size_t), "the pickle's stack");
    m_marks.push_back(m_stack.size());
}

std::span<const PickleRef> PickleMachine::popToMark()
{
    if (m_marks.empty())
        fail("the pickle looks for a mark that was not set");
    const std::size_t begin = m_marks.back();
    m_marks.pop_back();
    m_popped.assign(m_stack.begin() + static_cast<std::ptrdiff_t>(begin), m_stack.end());
    m_stack.resize(begin);
    return m_popped;
}

void PickleMachine::drop()
{
    // Python's POP removes a mark when there is nothing above it.
    if (!m_marks.empty() && m_stack.size() == m_marks.back())
        m_marks.pop_back();
    else
        pop();
}

void PickleMachine::dropToMark() { popToMark(); }
void PickleMachine::duplicate() { push(top()); }

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
    const PickleKind kind = m_tree.kind(callable);
    if (kind != PickleKind::Global && kind != PickleKind::Call && kind != PickleKind::Object)
        fail("the pickle calls something that is neither a class nor a function");
    if (kind != PickleKind::Global)
        return;
    if (isHostileCallable(m_tree.globalModule(callable), m_tree.globalAttribute(callable)))
        fail(fmt::format("needs a call of {}, which QuantScope does not make: the file is not trustworthy",
            printable(m_tree.globalName(callable))));
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
    requireCallable(marked.front());
    const PickleRef arguments = m_tree.addTuple(marked.subspan(1));
    push(m_tree.addPair(PickleKind::Object, m_popped.front(), arguments));
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

} // namespace quantscope
