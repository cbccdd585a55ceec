#pragma once

#include "diff/renames.h"
#include "items/model_comparison.h"
#include "session/model_source.h"
#include "session/opening.h"
#include "session/statistics_store.h"
#include "session/task.h"
#include "session/watched_files.h"

#include <QObject>
#include <QStringList>

#include <memory>
#include <optional>
#include <vector>

namespace quantscope {

class Session;

/// Another model beside the one that is shown, and how it differs. It is compared anew whenever the first is another
/// network (an edit of its recipe), read again when the first is, and dropped with it.
class SecondModel : public QObject {
    Q_OBJECT
public:
    explicit SecondModel(Session &session);

    /// Only while a model is shown. The recipe and the part are those chosen for the file before, as when it is opened.
    void open(const QString &path);
    void close();
    /// The second is shown, and the first compared with it. Unsaved edits are asked about first.
    void swap();
    /// It is the model that is shown now, and the one before is about to become the second.
    bool takesItsPlace() const;
    /// Stops what is read or compared. What was read stays, without a difference.
    void cancel();
    /// After cancel() or a problem, or where a file of it changed.
    void tryAgain();

    bool changedOnDisk() const { return m_changedOnDisk; } ///< a file of it, since it was read
    bool isOpen() const { return !m_source.path.isEmpty(); }
    bool running() const { return m_opening.running() || m_recovering.running() || m_comparing.running(); }
    const ModelSource &source() const { return m_source; }
    QString name() const; ///< of its file, as it is shown
    /// Why there is no difference though nothing runs; empty where there is one.
    QString problem() const { return m_problem; }
    /// With quantizers; null until they are there.
    std::shared_ptr<const Network> network() const { return m_network; }
    /// With exactly the network that the session shows; null where there is none yet.
    std::shared_ptr<const ModelComparison> comparison() const;
    /// Of the slots of the second, for what asks for them.
    StatisticsStore &statistics() { return m_statistics; }

    const QStringList &renames() const { return m_renames; }
    /// Rules OLD=NEW for the names of layers; the reason why one cannot be used, or empty. Then it is compared anew.
    QString setRenames(const QStringList &rules);
    void useRecipe(RecipeChoice choice, const QString &path = {});
    /// The sets of weights of a checkpoint that holds several; empty where there is no choice.
    QStringList parts() const;
    int shownPart() const;
    void usePart(int part);

Q_SIGNALS:
    void changed(); ///< opened, closed, another difference, or none any more
    void progress(const QString &text, int permille); ///< 1000: nothing runs

private:
    struct Swap {
        std::shared_ptr<const Network> shown; ///< until then
        ModelSource first; ///< the second afterwards
        QStringList renames, selected; ///< afterwards
    };
    void start(const ModelSource &source);
    void recover(const OpenedModel &opened);
    void compare();
    void onNetwork();
    void onState();
    void finishSwap();
    void fail(const Error &error);
    void drop();
    QStringList selectedInSecond() const;

    Session &m_session;
    ModelSource m_source;
    QStringList m_renames;
    QString m_problem;
    QString m_firstPath; ///< of the model that it was opened beside
    std::optional<Swap> m_swap; ///< while the second is being opened as the first
    std::shared_ptr<const Network> m_network;
    std::shared_ptr<const Network> m_comparedFor; ///< the first of the difference that is there, runs, or failed
    std::shared_ptr<const ModelComparison> m_comparison;
    WatchedFiles m_files; ///< that it was read from
    bool m_changedOnDisk = false;
    StatisticsStore m_statistics;
    Task<std::shared_ptr<const ListedModel>> m_opening;
    Task<std::shared_ptr<const RecoveredModel>> m_recovering;
    Task<std::shared_ptr<const ModelComparison>> m_comparing;
};

} // namespace quantscope
