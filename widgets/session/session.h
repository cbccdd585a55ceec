#pragma once

#include "items/slot_ref.h"
#include "open/open_network.h"
#include "session/export_store.h"
#include "session/model_source.h"
#include "session/opening.h"
#include "session/proposals.h"
#include "session/recipe_document.h"
#include "session/run_store.h"
#include "session/second_model.h"
#include "session/statistics_store.h"
#include "session/target_store.h"
#include "session/task.h"
#include "session/watched_files.h"

#include <QObject>
#include <QStringList>
#include <QUndoStack>

#include <functional>
#include <memory>
#include <optional>

namespace quantscope {

struct SlotChoice;

/// One open model: the network, the selection that every view follows, statistics and the recipe with its edits.
class Session : public QObject {
    Q_OBJECT
public:
    enum class State { Empty, Loading, Listed, Ready, Failed };
    using RecipeChoice = quantscope::RecipeChoice;

    explicit Session(QObject *parent = nullptr);
    ~Session() override;

    /// Opens a model; the recipe is the given one, else what was chosen for this model before, else the one beside it.
    void open(const QString &path, const QString &recipe = {});
    /// As it was chosen in every detail, with the selection; edits have been asked about.
    void openAs(const ModelSource &source) { start(source, true); }
    void reload();
    void close();
    void cancel();

    State state() const { return m_state; }
    /// Of what is shown; of what is being read, or could not be, where nothing is shown.
    QString path() const { return shownSource().path; }
    const ModelSource &source() const { return shownSource(); } ///< of path()
    QString loadingPath() const { return m_wanted.path; }
    QString errorText() const { return m_error; }
    /// Layers only while the state is Listed; with quantizers once it is Ready.
    std::shared_ptr<const Network> network() const { return m_network; }
    /// The network with what is known of its data so far; its problems are complete once the statistics are.
    const Inspection &inspection() const { return m_statistics.inspection(); }
    StatisticsStore &statistics() { return m_statistics; }
    ExportStore &exports() { return m_exports; }
    RunStore &runs() { return m_runs; }
    TargetStore &target() { return m_target; }
    Proposals &proposals() { return m_proposals; }
    /// What every edit starts from; nullopt until the quantizers are there.
    const std::optional<OpenedModel> &opened() const { return m_opened; }
    /// An edit is being computed: network() is still that before it.
    bool recovering() const { return m_recovering.running(); }
    SecondModel &second() { return m_second; }
    bool changedOnDisk() const { return m_changedOnDisk; }

    const QStringList &selectedLayers() const { return m_selected; }
    void selectLayers(const QStringList &names);
    /// The layer that pages show: the first selected.
    const Layer *currentLayer() const;
    /// The slot that pages show; falls back to the layer's first slot with a tensor.
    SlotRef currentSlot() const;
    void selectSlot(const QString &slot);
    /// What the layer computes is shown, which is no slot: "result" was selected, of a layer with a weight.
    bool showsResult() const
    {
        const Layer *layer = currentLayer();
        return m_slot == QLatin1String("result") && layer && layer->slot(Slot::Weight);
    }
    const SlotStatistics *currentStatistics();

    RecipeChoice recipeChoice() const { return shownSource().choice; }
    QString recipePath() const;
    const Recipe &recipe() const { return m_document.recipe(); } ///< with every edit
    QString besidePath() const { return shownSource().besidePath(); }
    void useRecipe(RecipeChoice choice, const QString &path = {});
    /// The sets of weights of a checkpoint that holds several, as they are shown; empty where there is no choice.
    QStringList parts() const { return m_network ? partsOf(*m_network->file) : QStringList(); }
    /// Position in parts() of the one that is shown; -1: all of the file.
    int shownPart() const { return m_network ? shownPartOf(*m_network->file) : -1; }
    /// Shows another; the choice is kept for this model. Recipe and selection stay.
    void usePart(int part);
    bool presetsApply() const;
    /// Choices of the lab as one edit that can be undone, with what comes and goes with it. Only where `presetsApply`.
    using Beside = std::function<void(bool done)>;
    void applyChoices(const std::vector<SlotChoice> &choices, const QString &undoText, const Beside &beside = {});
    /// Takes a keyword of one slot out of the recipe; an edit that can be undone. False where no entry for that slot
    /// alone says it.
    bool removeKeyword(const std::string &layer, Slot slot, const std::string &keyword);
    /// Another recipe in force; an edit that can be undone. Only while the state is Ready.
    void pushEdit(Recipe after, const QString &text, const Beside &beside = {});
    /// A person says that what is in force for these slots is right; an edit that can be undone. False where a recipe
    /// cannot say it, and nothing changes.
    bool confirm(const std::vector<SlotId> &slots, const QString &undoText);
    void confirmLayers(const QStringList &layers); ///< every slot of them
    /// The weights of these layers with the batch norm behind them merged, or as stored; an edit that can be undone.
    void setBatchNormsMerged(const QStringList &layers, bool merged);
    /// There are edits that no file has.
    bool recipeEdited() const { return m_network && m_document.edited(); }
    QUndoStack &undoStack() { return m_undo; }
    /// Writes the recipe, which is then read from there; edits can still be undone. An error's text, or empty.
    QString saveRecipe(const QString &path);
    /// The recipe that kept the last file from being opened; empty where that was not the reason.
    QString failedRecipe() const { return m_failed && m_recipeFailed ? m_failed->recipeFile() : QString(); }
    /// Opens that file again, with its recipe or without any.
    void tryAgain(bool withRecipe = true);
    /// The recipe's file does not hold what was read from it: somebody else wrote it since.
    bool recipeOverwritten() const { return m_document.overwritten(recipePath()); }
    /// Asked before anything that drops unsaved edits (opening, closing, reloading, another recipe); false keeps them.
    void setDiscardGuard(std::function<bool()> mayDiscard) { m_mayDiscard = std::move(mayDiscard); }
    bool mayDiscard() const { return !recipeEdited() || !m_mayDiscard || m_mayDiscard(); }
    /// "recipe beside it", "no recipe: preset assumed", "quantizers read from the file".
    QString recipeStateText() const;
    bool recipeAssumed() const { return m_network && quantscope::recipeAssumed(*m_network); }

Q_SIGNALS:
    void stateChanged();
    void networkChanged();
    void diagnosticsChanged(); ///< the statistics are all there, and what they tell has joined the problems
    void selectionChanged();
    void changedOnDiskChanged();
    void progressChanged(const QString &text, int permille); ///< 1000: nothing runs
    void failed(const QString &text); ///< an open or edit that did not work; what was shown stays

private:
    const ModelSource &shownSource() const { return m_network ? m_source : m_wanted; }
    void start(ModelSource source, bool keepSelection);
    void takeListed(const ListedModel &listed, bool keepSelection);
    void failOpening(const Error &error);
    void takeSaved(const QString &path);
    void recoverEdited(const Recipe &recipe);
    void startRecovering(std::function<Result<std::shared_ptr<const RecoveredModel>>(const Progress &)> work);
    void exportsRead();
    void catchUp();
    void takeBack();
    void onFileChanged(const QString &path);
    void setState(State state);
    void fail(const QString &text);
    void setNetwork(std::shared_ptr<const Network> network, State state);
    void watch();
    void remember();

    State m_state = State::Empty;
    ModelSource m_source; ///< of the network
    ModelSource m_wanted; ///< that was read last, or is being read
    std::optional<ModelSource> m_failed; ///< of the last that could not be opened
    bool m_recipeFailed = false; ///< it is its recipe that is to blame
    QString m_error;
    RecipeDocument m_document;
    bool m_takingBack = false; ///< the last edit does not fit the model
    std::function<bool()> m_mayDiscard;
    std::optional<OpenedModel> m_opened; ///< with its exports; what every edit starts from
    std::shared_ptr<const Network> m_network;
    StatisticsStore m_statistics;
    ExportStore m_exports;
    QStringList m_selected;
    QString m_slot = QStringLiteral("weight");
    QUndoStack m_undo;
    WatchedFiles m_watched;
    bool m_changedOnDisk = false;
    Task<std::shared_ptr<const ListedModel>> m_opening;
    Task<std::shared_ptr<const RecoveredModel>> m_recovering;
    RunStore m_runs{*this};
    TargetStore m_target{*this};
    Proposals m_proposals{*this};
    SecondModel m_second{*this};
};

} // namespace quantscope
