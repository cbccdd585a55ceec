#pragma once

#include "analysis/elements.h"
#include "items/slot_ref.h"

#include <QObject>
#include <QThreadPool>

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <vector>

namespace quantscope {

/// A chunk that was read on a worker.
struct CodeChunk : ElementChunk {
    std::string problem; ///< what went wrong
};

/// Reads elements [begin, begin + count) of a slot at once; throws nothing: `problem` says what went wrong.
CodeChunk readChunk(const SlotRef &slot, std::uint64_t begin, std::uint64_t count);

/// A bounded cache of chunks that are read on a worker thread: a table asks and paints at once, what is not there yet
/// arrives with chunkReady.
class CodeCache : public QObject {
    Q_OBJECT
public:
    static constexpr std::uint64_t kChunk = 4096;

    explicit CodeCache(QObject *parent = nullptr);
    ~CodeCache() override;

    void setSlot(const SlotRef &slot);
    const SlotRef &slot() const { return m_slot; }
    /// `known` is false while the chunk is on its way.
    Element element(std::uint64_t flat);
    QString problem() const { return m_problem; }
    /// Blocks until nothing is on its way and delivers it; for tests and pictures.
    void waitForIdle();

Q_SIGNALS:
    void chunkReady(quint64 begin, quint64 count);

private:
    void request(std::uint64_t index);
    void deliver(std::uint64_t era, std::uint64_t index, CodeChunk chunk);

    SlotRef m_slot;
    std::uint64_t m_era = 0;
    std::map<std::uint64_t, CodeChunk> m_chunks;
    std::list<std::uint64_t> m_recent; ///< oldest first
    std::map<std::uint64_t, bool> m_pending;
    QString m_problem;
    QThreadPool m_pool;
};

} // namespace quantscope
