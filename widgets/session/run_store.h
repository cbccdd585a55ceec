#pragma once

#include "session/run_queue.h"

#include <QFileSystemWatcher>
#include <QObject>
#include <QString>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

class Session;
struct Layer;
struct SlotQuantizer;

/// The data that were chosen for the shown model, and what its network did on them. A result belongs to the network and
/// the data that it was computed with: after an edit of the recipe there is none, until undo brings that network back
/// or it is run again.
class RunStore : public QObject {
    Q_OBJECT
public:
    explicit RunStore(Session &session);
    ~RunStore() override;

    /// Chosen for this model, now or when it was open before; else those that lie beside a bundled sample.
    const std::optional<RunData> &data() const { return m_data; }
    /// Kept for this model. What ran on other data is stopped.
    void setData(std::optional<RunData> data);

    /// The quantizers are known, and there are data.
    bool canRun() const;
    /// Runs the shown network, and for the change of accuracy also the one that the file was opened as, where that has
    /// not been run. Nothing happens unless canRun(). An edit meanwhile starts it anew with what is shown then.
    void run();
    /// A run that took less is repeated by itself after an edit.
    void setRepeatsWithin(std::chrono::milliseconds time) { m_repeatsWithin = time; }
    void cancel();
    bool running() const { return m_queue.busy(this); }
    int permille() const { return m_permille; } ///< of what runs

    /// Of what is shown; null: it has not been run, or the recipe was edited since.
    const RunResult *result() const;
    /// The last one, where it is of other quantizers than those that are shown.
    const RunResult *outdated() const;
    /// What flowed through a quantizer, or out of a layer with a weight (no slot), in result(); null where nothing was
    /// seen there.
    std::shared_ptr<const LayerFlow> flow(const Layer &layer, const SlotQuantizer *slot) const;
    /// Accuracy of the network as the file was opened, on these data.
    std::optional<double> openedAccuracy() const;
    /// By which edits since then changed it; none without labels, and where nothing is edited.
    std::optional<double> accuracyChange() const;
    /// Why what is shown was not run, in one sentence; empty where nothing went wrong.
    QString problem() const;

    /// The shown network on the data, with what no file has yet of its recipe.
    RunRequest request() const;
    RunQueue &queue() { return m_queue; }

    /// Megabytes that activations may take between two runs; kept for the next time. The helper stays.
    std::uint64_t memory() const { return m_memory; }
    void setMemory(std::uint64_t megabytes);

Q_SIGNALS:
    void dataChanged();
    void resultChanged(); ///< result(), problem() or running() is another
    void memoryChanged();
    void progress(int permille);
    void failed(const QString &text);

private:
    /// What a result depends on, whether a file has the recipe or not.
    struct Key {
        RunModel model;
        RunData data;
        bool operator==(const Key &) const = default;
    };
    struct Kept {
        Key key;
        std::shared_ptr<const RunResult> result;
    };
    /// With the time from when the helper was there.
    struct Timed {
        RunResult result;
        std::chrono::milliseconds took;
    };
    static Result<Timed> timed(RunClient &client, const RunRequest &request, const Progress &progress);
    Key keyNow() const;
    std::shared_ptr<const RunResult> find(const std::optional<Key> &key) const;
    std::optional<Key> openedKey() const;
    void onNetwork();
    void takeShown();
    void forget();
    void watchData();
    void start(const Key &key, const RunRequest &request, RunQueue::Priority priority);
    void take(const Key &key, Result<Timed> ran);
    bool repeats() const;
    void fail(const Key &key, const QString &text);

    Session &m_session;
    std::optional<RunData> m_data;
    std::optional<RunModel> m_opened; ///< as it was when its quantizers were known first
    std::vector<Kept> m_results; ///< the oldest first
    std::optional<Key> m_shown; ///< of the network that is shown; none without data
    std::optional<Key> m_asked; ///< what was run last
    std::optional<Key> m_last; ///< of that what has a result
    std::optional<std::chrono::milliseconds> m_took; ///< by m_last
    std::chrono::milliseconds m_repeatsWithin{1000};
    std::optional<Key> m_failed;
    QString m_problem; ///< of m_failed
    int m_permille = 0;
    QFileSystemWatcher m_watcher; ///< of the data
    std::uint64_t m_memory = 0; ///< megabytes
    RunQueue m_queue;
};

} // namespace quantscope
