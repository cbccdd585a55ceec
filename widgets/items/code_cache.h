#pragma once

#include "analysis/elements.h"
#include "diff/code_changes.h"
#include "items/slot_ref.h"

#include <QObject>
#include <QThreadPool>

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace quantscope {

/// A chunk that was read on a worker.
struct CodeChunk : ElementChunk {
    std::string problem; ///< what went wrong
    std::vector<ElementChange> changes; ///< against the slot of another model; empty without one
};

/// Reads elements [begin, begin + count) of a slot at once; throws nothing: `problem` says what went wrong.
/// Beside `first`, which it is compared with, where there is one.
CodeChunk readChunk(const SlotRef &slot, std::uint64_t begin, std::uint64_t count, const SlotRef &first = {});

/// A bounded cache of chunks that are read on a worker thread: a table asks and paints at once, what is not there yet
/// arrives with chunkReady.
class CodeCache : public QObject {
    Q_OBJECT
public:
    static constexpr std::uint64_t kChunk = 4096;

    explicit CodeCache(QObject *parent = nullptr);
    ~CodeCache() override;

    /// `first` is the slot of another model that it is compared with (diff/paired_slot.h).
    void setSlot(const SlotRef &slot, const SlotRef &first = {});
    const SlotRef &slot() const { return m_slot; }
    /// `known` is false while the chunk is on its way.
    Element element(std::uint64_t flat);
    /// Against `first`; nothing while it is on its way, and where nothing is compared.
    std::optional<ElementChange> change(std::uint64_t flat);
    QString problem() const { return m_problem; }
    /// Blocks until nothing is on its way and delivers it; for tests and pictures.
    void waitForIdle();

Q_SIGNALS:
    void chunkReady(quint64 begin, quint64 count);

private:
    void request(std::uint64_t index);
    void deliver(std::uint64_t era, std::uint64_t index, CodeChunk chunk);

    SlotRef m_slot, m_first;
    std::uint64_t m_era = 0;
    std::map<std::uint64_t, CodeChunk> m_chunks;
    std::list<std::uint64_t> m_recent; ///< oldest first
    std::map<std::uint64_t, bool> m_pending;
    QString m_problem;
    QThreadPool m_pool;
};

} // namespace quantscope
