#pragma once

#include "formats/pickle/pickle_values.h"

#include <array>
#include <cstdint>
#include <vector>

namespace quantscope {

/// Reads pickles of protocols 0 to 5 (Python's pickletools, PEP 307, 3154, 574) into plain nodes. It has no way to
/// call, import or construct anything. Left out: the extension registry (EXT1, 2, 4) and out-of-band buffers. Throws
/// ParseError with the byte's offset: malformed, too large, or a hostile callable.
class PickleMachine : private PickleValues {
public:
    /// `fileOffset`: where the pickle's first byte lies in the file, for messages.
    static PickleTree run(
        std::vector<std::byte> pickle, std::uint64_t fileOffset, const Limits &limits, Budget &budget);

private:
    using Handler = void (PickleMachine::*)();
    using PickleValues::PickleValues;
    static const std::array<Handler, 256> &handlers();
    static void addHandlersOfBinary(std::array<Handler, 256> &table);
    static void addHandlersOfText(std::array<Handler, 256> &table);
    void runToStop();

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
    void buildState();
    void requireCallable(PickleRef callable);

    void protocol();
    void frame();
    void stop() { m_running = false; }

    std::vector<PickleRef> m_memo;
    std::uint64_t m_memoCount = 0;
    bool m_running = true;
};

} // namespace quantscope
