#pragma once

#include "base/cursor.h"
#include "formats/pickle/pickle_tree.h"

#include <array>
#include <cstdint>
#include <vector>

namespace quantscope {

/// Reads pickles of protocols 0 to 5 (Python's pickletools, PEP 307, 3154, 574) into plain nodes. It has no way to
/// call, import or construct anything. Left out: the extension registry (EXT1, 2, 4) and out-of-band buffers. Throws
/// ParseError with the byte's offset: malformed, too large, or a hostile callable.
class PickleMachine {
public:
    /// `fileOffset`: where the pickle's first byte lies in the file, for messages.
    static PickleTree run(
        std::vector<std::byte> pickle, std::uint64_t fileOffset, const Limits &limits, Budget &budget);

private:
    using Handler = void (PickleMachine::*)();
    PickleMachine(PickleTree &tree, std::uint64_t fileOffset, Budget &budget);
    static const std::array<Handler, 256> &handlers();
    static void addHandlersOfBinary(std::array<Handler, 256> &table);
    static void addHandlersOfText(std::array<Handler, 256> &table);
    void runToStop();
    [[noreturn]] void fail(const std::string &message) const;

    // The stack and its marks.
    void push(PickleRef ref);
    PickleRef pop();
    PickleRef top() const;
    std::size_t floor() const { return m_marks.empty() ? 0 : m_marks.back(); }
    /// Everything above the last mark, which goes too. The span is valid until the next push.
    std::span<const PickleRef> popToMark();
    void mark();
    void drop();
    void dropToMark();
    void duplicate();

    // Text lines of protocol 0.
    std::string_view line();
    std::uint64_t lineNumber();
    void textInt();
    void textLong();
    void textFloat();
    void textString();
    void textUnicode();
    void textPersistent();

    // Values.
    void none() { push(m_tree.addScalar(PickleKind::None, 0)); }
    void yes() { push(m_tree.addScalar(PickleKind::Bool, 1)); }
    void no() { push(m_tree.addScalar(PickleKind::Bool, 0)); }
    template <class T> void binaryInt() { push(m_tree.addScalar(PickleKind::Int, m_cursor.number<T>())); }
    template <class T, bool checkSign> void binaryLong();
    void binaryFloat();
    template <class T, PickleKind kind> void sizedText();
    void emptyDict() { push(m_tree.addContainer(PickleKind::Dict)); }
    void emptyList() { push(m_tree.addContainer(PickleKind::List)); }
    void emptySet() { push(m_tree.addContainer(PickleKind::Set)); }
    void emptyTuple() { push(m_tree.addTuple({})); }
    void markedDict();
    void markedList();
    void markedTuple();
    void frozenSet();
    template <std::size_t count> void shortTuple();

    // Changing what is on the stack.
    void appendOne();
    void appendMarked();
    void addMarked();
    void setOne();
    void setMarked();
    void requireSetTarget(PickleRef target);
    void requireHashable(PickleRef key);
    void buildState();

    // Memo.
    void remember(std::uint64_t index);
    void recall(std::uint64_t index);
    template <class T> void put() { remember(m_cursor.number<T>()); }
    template <class T> void get() { recall(m_cursor.number<T>()); }
    void textPut() { remember(lineNumber()); }
    void textGet() { recall(lineNumber()); }
    void memoize() { remember(m_memoCount); }

    // Names, calls and objects: noted, never followed.
    void global();
    void stackGlobal();
    void reduce();
    void newObject();
    void newObjectWithKeywords();
    void instance();
    void objectFromMark();
    void persistent();
    void requireCallable(PickleRef callable);

    void protocol();
    void frame();
    void stop() { m_running = false; }

    PickleTree &m_tree;
    Cursor m_cursor;
    Budget &m_budget;
    std::vector<PickleRef> m_stack;
    std::vector<std::size_t> m_marks;
    std::vector<PickleRef> m_memo;
    std::uint64_t m_memoCount = 0;
    std::vector<PickleRef> m_popped;
    bool m_running = true;
};

} // namespace quantscope
