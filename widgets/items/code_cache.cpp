#include "items/code_cache.h"

#include "items/text.h"

#include <QCoreApplication>

#include <algorithm>

namespace quantscope {

static constexpr std::size_t kMaxChunks = 512; // 512 * 4096 elements: 32 MB

CodeChunk readChunk(const SlotRef &slot, std::uint64_t begin, std::uint64_t count, const SlotRef &first)
{
    CodeChunk chunk;
    chunk.begin = begin;
    if (!slot.readable()) {
        chunk.problem = slot && slot.slot->tensor ? slot.slot->tensor->problem : "there is no tensor";
        return chunk;
    }
    try {
        ElementReader(*slot.slot).read(begin, count, chunk);
        if (!first.readable())
            return chunk;
        ChangeReader reader(*first.slot, *slot.slot);
        chunk.changes.resize(reader.compares() ? chunk.size() : 0);
        reader.read(begin, chunk.changes);
    } catch (const std::exception &error) {
        chunk.problem = error.what();
    }
    return chunk;
}

CodeCache::CodeCache(QObject *parent)
    : QObject(parent)
{
    m_pool.setMaxThreadCount(1);
}

CodeCache::~CodeCache()
{
    m_pool.clear();
    m_pool.waitForDone();
}

void CodeCache::setSlot(const SlotRef &slot, const SlotRef &first)
{
    ++m_era;
    m_pool.clear();
    m_slot = slot;
    m_first = first;
    m_chunks.clear();
    m_recent.clear();
    m_pending.clear();
    m_problem.clear();
}

Element CodeCache::element(std::uint64_t flat)
{
    const std::uint64_t index = flat / kChunk;
    const auto found = m_chunks.find(index);
    if (found != m_chunks.end())
        return found->second.element(flat);
    request(index);
    return {};
}

std::optional<ElementChange> CodeCache::change(std::uint64_t flat)
{
    const auto found = m_chunks.find(flat / kChunk);
    if (found == m_chunks.end()) {
        request(flat / kChunk);
        return std::nullopt;
    }
    const auto &changes = found->second.changes;
    const std::uint64_t at = flat % kChunk;
    return at < changes.size() ? std::optional(changes[at]) : std::nullopt;
}

void CodeCache::request(std::uint64_t index)
{
    if (!m_slot || m_pending.contains(index))
        return;
    m_pending[index] = true;
    m_pool.start([this, era = m_era, index, slot = m_slot, first = m_first] {
        CodeChunk chunk = readChunk(slot, index * kChunk, kChunk, first);
        QMetaObject::invokeMethod(
            this, [this, era, index, chunk = std::move(chunk)]() mutable { deliver(era, index, std::move(chunk)); },
            Qt::QueuedConnection);
    });
}

void CodeCache::deliver(std::uint64_t era, std::uint64_t index, CodeChunk chunk)
{
    if (era != m_era)
        return;
    m_pending.erase(index);
    if (m_problem.isEmpty())
        m_problem = qs(chunk.problem);
    m_chunks[index] = std::move(chunk);
    m_recent.push_back(index);
    if (m_recent.size() > kMaxChunks) {
        m_chunks.erase(m_recent.front());
        m_recent.pop_front();
    }
    Q_EMIT chunkReady(index * kChunk, kChunk);
}

void CodeCache::waitForIdle()
{
    while (!m_pending.empty()) {
        m_pool.waitForDone();
        QCoreApplication::sendPostedEvents(this, QEvent::MetaCall);
    }
}

} // namespace quantscope
