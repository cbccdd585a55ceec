#include "pages/recipe/recipe_page.h"

#include "dialects/brevitas/proof_notes.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_writer.h"
#include "dialects/brevitas/spec.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/names.h"
#include "look/text_widths.h"
#include "look/theme.h"
#include "network/layer_index.h"
#include "pages/parts/code_view.h"
#include "pages/parts/preset_menu.h"
#include "pages/recipe/confirm_bar.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QShortcut>
#include <QTableView>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

enum Source { Beside, Chosen, None };

RecipePage::RecipePage(Session &session, QWidget *parent)
    : Page(session, parent)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addWidget(makeSource());
    m_halves = new QBoxLayout(QBoxLayout::LeftToRight);
    m_halves->setSpacing(12);
    m_halves->addWidget(makeTable(), 5);
    auto *textCard = new Card(nullptr, 12);
    textCard->box()->addWidget(titleLabel(tr("In force, as TOML")));
    m_text = new CodeView(tr("The recipe in force"));
    textCard->box()->addWidget(m_text, 1);
    m_text->setMinimumHeight(160);
    m_halves->addWidget(textCard, 3);
    column->addLayout(m_halves, 1);
    connect(&session.undoStack(), &QUndoStack::indexChanged, this, [this] { schedule(); });
}

void RecipePage::addKey(QKeyCombination key, void (ConfirmBar::*run)())
{
    auto *shortcut = new QShortcut(QKeySequence(key), this);
    connect(shortcut, &QShortcut::activated, m_confirm, run);
}

QWidget *RecipePage::makeTable()
{
    auto *tableCard = new Card(nullptr, 12);
    auto *header = new QHBoxLayout;
    header->addWidget(titleLabel(tr("Quantizers")));
    header->addStretch(1);
    m_change
        = textButton(tr("Change preset…"), tr("Another preset for the selected quantizers (Enter); it can be undone"));
    m_change->setObjectName(u"change-preset"_s);
    header->addWidget(m_change);
    tableCard->box()->addLayout(header);
    m_confirm = new ConfirmBar(session());
    tableCard->box()->addWidget(m_confirm);
    addKey(Qt::CTRL | Qt::Key_Return, &ConfirmBar::confirmSelected);
    addKey(Qt::CTRL | Qt::SHIFT | Qt::Key_Return, &ConfirmBar::confirmAll);
    m_table = new QTableView;
    setUpTable(m_table, tr("Quantizers"));
    m_table->setObjectName(u"quantizers"_s);
    m_table->setModel(&m_model);
    m_table->setItemDelegateForColumn(QuantizerModel::Layer, new NameDelegate(m_table));
    m_table->setTextElideMode(Qt::ElideMiddle); // presets differ at their ends
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->horizontalHeader()->setSectionResizeMode(QuantizerModel::Preset, QHeaderView::Stretch);
    m_table->setMinimumHeight(180);
    tableCard->box()->addWidget(m_table);
    m_keywords = new KeywordBar(session());
    m_keywords->setSource([this] { return selectedSlots(); });
    connect(m_keywords, &KeywordBar::leaveValue, this, [this] { m_table->setFocus(); });
    tableCard->box()->addWidget(m_keywords);
    // Else the keyboard slides on to "Confirm all", and a second press confirms what nobody has looked at.
    connect(m_confirm, &ConfirmBar::confirmed, this, [this] { m_table->setFocus(Qt::OtherFocusReason); });
    connect(m_change, &QPushButton::clicked, this,
        [this] { popUpPresets(m_change->mapToGlobal(m_change->rect().bottomLeft())); });
    connect(m_table, &QTableView::activated, this, [this](const QModelIndex &index) {
        const QRect cell = m_table->visualRect(index.siblingAtColumn(QuantizerModel::Preset));
        popUpPresets(m_table->viewport()->mapToGlobal(cell.bottomLeft()));
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &RecipePage::rememberRows);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this, &RecipePage::rememberRows);
    return tableCard;
}

QWidget *RecipePage::makeSource()
{
    auto *card = new Card;
    auto *row = new FlowLayout(nullptr, 8);
    row->addWidget(titleLabel(tr("Recipe")));
    m_source = new Segmented(tr("Which recipe"));
    m_source->setItems({tr("beside"), tr("file…"), tr("none")});
    m_source->setItemTip(Beside, tr("model.recipe.toml beside model.pt"));
    m_source->setItemTip(Chosen, tr("another file; it is remembered for this model"));
    m_source->setItemTip(None, tr("only what the file itself says; presets are assumed where it says nothing"));
    row->addWidget(m_source);
    row->addStretch();
    m_undo = textButton(tr("Undo"), tr("Take back the last change (Ctrl+Z)"));
    m_redo = textButton(tr("Redo"), tr("Do it again (Ctrl+Shift+Z)"));
    m_save = textButton(
        tr("Save…"), tr("Write the recipe with its changes; comments and order of the file stay (Ctrl+S)"));
    for (QPushButton *button : {m_undo, m_redo, m_save})
        row->addWidget(button);
    card->box()->addLayout(row);
    m_path = new ElidedLabel(Qt::ElideMiddle); // a path has any length, and the page must not grow with it
    m_path->setFont(Theme::mono());
    m_path->setObjectName(u"recipe-path"_s);
    m_note = dimLabel();
    m_note->setWordWrap(true);
    m_note->setObjectName(u"recipe-note"_s);
    card->box()->addWidget(m_path);
    card->box()->addWidget(m_note);
    connect(m_source, &Segmented::selected, this, &RecipePage::choose);
    connect(m_undo, &QPushButton::clicked, this, [this] { session().undoStack().undo(); });
    connect(m_redo, &QPushButton::clicked, this, [this] { session().undoStack().redo(); });
    connect(m_save, &QPushButton::clicked, this, &Page::saveRecipeRequested);
    return card;
}

/// By pieces, which hold whole rows: to ask of each row whether it is selected is slow.
std::vector<int> RecipePage::selectedRows() const
{
    std::set<int> rows;
    for (const QItemSelectionRange &piece : m_table->selectionModel()->selection())
        for (int row = piece.top(); piece.isValid() && row <= piece.bottom(); ++row)
            rows.insert(rows.end(), row);
    return {rows.begin(), rows.end()};
}

KeywordBar::Selected RecipePage::selectedSlots() const
{
    KeywordBar::Selected selected;
    for (const int row : selectedRows())
        selected.emplace_back(m_model.layerAt(row).name, &m_model.slotAt(row));
    return selected;
}

void RecipePage::choose(int source)
{
    if (source == Beside)
        session().useRecipe(Session::RecipeChoice::Beside);
    else if (source == None)
        session().useRecipe(Session::RecipeChoice::None);
    else
        Q_EMIT chooseRecipeRequested();
    refreshSource();
}

QMenu *RecipePage::presets()
{
    const QModelIndex current = m_table->currentIndex();
    if (!current.isValid() || !session().presetsApply())
        return nullptr;
    const SlotQuantizer &slot = m_model.slotAt(current.row());
    std::vector<SlotName> others;
    QStringList otherKinds;
    const std::vector<int> rows = selectedRows();
    for (const int row : rows) {
        const Slot name = m_model.slotAt(row).slot;
        if (row == current.row())
            continue;
        if (presetSlot(name) == presetSlot(slot.slot))
            others.emplace_back(m_model.layerAt(row).name, name);
        else if (!otherKinds.contains(qs(presetSlot(name))))
            otherKinds << qs(presetSlot(name));
    }
    const QString scope = otherKinds.isEmpty() ? QString()
                                               : tr("for %1 of %2: the others are %3")
                                                     .arg(others.size() + 1)
                                                     .arg(rows.size())
                                                     .arg(otherKinds.join(tr(" and ")));
    return presetMenu(session(), m_model.layerAt(current.row()), slot, this, others, scope);
}

void RecipePage::popUpPresets(const QPoint &at)
{
    if (QMenu *menu = presets())
        menu->popup(at);
}

void RecipePage::refreshSource()
{
    const bool applies = session().presetsApply();
    m_source->setCurrent(static_cast<int>(session().recipeChoice()));
    m_source->setEnabled(applies);
    m_undo->setEnabled(session().undoStack().canUndo());
    m_redo->setEnabled(session().undoStack().canRedo());
    m_save->setEnabled(session().state() == Session::State::Ready);
    m_change->setEnabled(applies && m_table->selectionModel()->hasSelection());
    m_keywords->refresh();
    const QString path = session().recipePath();
    const QString taken = session().network() ? qs(session().network()->recipe.takenFrom) : QString();
    const QString other = taken.isEmpty() ? tr("no recipe file") : tr("taken from %1").arg(taken);
    m_path->setFullText(path.isEmpty() ? other : path);
    m_note->setText(!applies ? tr("This file says its quantizers itself; a recipe is only needed for a state_dict.")
            : session().recipeEdited() ? tr("edited, not saved")
            : !taken.isEmpty()
            ? tr("No file holds this recipe: it follows from what is named above, whose scales and codes it gives. "
                 "Save keeps it beside the model.")
            : session().state() == Session::State::Ready && proofState(*session().network()) == ProofState::Differs
            ? tr("■ The live model computed something else, as the proofs in this recipe have it: see the problems.")
            : session().recipeAssumed() ? tr("▲ Some presets are assumed: a state_dict does not say them. Choose or "
                                             "confirm them below, or give the recipe of the training code.")
                                        : tr("A state_dict stores float weights and little about its quantizers; the "
                                             "recipe says what the training code said."));
}

/// A narrow page has its text below, where it would leave the table no room for names and presets.
void RecipePage::resizeEvent(QResizeEvent *event)
{
    Page::resizeEvent(event);
    m_halves->setDirection(width() < 760 ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
    m_halves->activate();
    fitColumns();
}

/// The text is made on a worker: a network may have thousands of layers.
void RecipePage::refreshText()
{
    m_writing.start(
        [network = session().network()](const Progress &) -> Result<std::string> { return recipeToml(*network); },
        [this](Result<std::string> text) {
            m_text->setText(text ? qs(*text) : qs(text.error().message), CodeView::Language::Toml);
        });
}

void RecipePage::refresh()
{
    refreshSource();
    refreshConfirm();
    const auto network = session().state() == Session::State::Ready ? session().network() : nullptr;
    if (network)
        followSelection();
    if (network == m_shown)
        return;
    m_shown = network;
    m_model.setNetwork(network); // selects nothing and says nothing
    fitColumns();
    selectRemembered();
    m_writing.cancel();
    if (network)
        refreshText();
    refreshSource();
    refreshConfirm();
}

/// Types and where presets come from give way to names and presets: those are what is to be confirmed.
void RecipePage::fitColumns()
{
    const auto natural = [this, widths = TextWidths(Theme::sans())](int column) {
        int width = 60;
        for (int i = 0; i < std::min(200, m_model.rowCount()); ++i)
            width = std::max(width, widths.of(m_model.index(i, column).data().toString()) + 22);
        return std::min(width, 320);
    };
    m_model.setSigns(false);
    const int name = natural(QuantizerModel::Layer), preset = natural(QuantizerModel::Preset);
    int left = m_table->viewport()->width() - natural(QuantizerModel::Slot);
    m_table->setColumnWidth(QuantizerModel::Slot, natural(QuantizerModel::Slot));
    for (const int column : {QuantizerModel::Source, QuantizerModel::Type}) {
        const int width = natural(column);
        const bool fits = left - width >= name + preset;
        m_table->setColumnHidden(column, !fits);
        m_table->setColumnWidth(column, width);
        left -= fits ? width : 0;
    }
    m_model.setSigns(m_table->isColumnHidden(QuantizerModel::Source));
    m_table->setColumnWidth(QuantizerModel::Layer, std::clamp(left - preset, std::min(name, left * 2 / 5), name));
}

void RecipePage::rememberRows()
{
    const auto nameOf = [this](int row) { return SlotName(m_model.layerAt(row).name, m_model.slotAt(row).slot); };
    m_rows.clear();
    for (const int row : selectedRows())
        m_rows.insert(nameOf(row));
    if (m_table->currentIndex().isValid())
        m_row = nameOf(m_table->currentIndex().row());
    refreshSource();
    refreshConfirm();
}

void RecipePage::refreshConfirm()
{
    std::vector<SlotId> slots;
    for (const int row : selectedRows())
        slots.push_back({m_model.layerAt(row).id, m_model.slotAt(row).slot});
    m_confirm->setSelection(std::move(slots));
}

void RecipePage::followSelection()
{
    const SlotRef slot = session().currentSlot();
    std::pair<QStringList, QString> followed{session().selectedLayers(), slot ? qs(slot.slot->slot) : QString()};
    if (followed == m_followed || !session().network())
        return;
    m_followed = std::move(followed);
    m_rows.clear();
    for (const LayerIndex index(*session().network()); const QString &name : session().selectedLayers()) {
        const Layer *layer = index.find(str(name));
        if (!layer || layer->slots.empty())
            continue;
        const bool has = slot && layer->slot(slot.slot->slot);
        m_rows.emplace(layer->name, has ? slot.slot->slot : layer->slots.front().slot);
    }
    m_row = slot ? SlotName(slot.layer->name, slot.slot->slot) : SlotName();
    selectRemembered();
}

/// To the last piece where it goes on: many pieces are slow.
static void addRow(QItemSelection &selection, const QuantizerModel &model, int row)
{
    const QModelIndex last = model.index(row, QuantizerModel::NUM_COLUMNS - 1);
    if (!selection.isEmpty() && selection.back().bottom() == row - 1)
        selection.back() = QItemSelectionRange(selection.back().topLeft(), last);
    else
        selection.append(QItemSelectionRange(model.index(row, 0), last));
}

void RecipePage::selectRemembered()
{
    const auto [rows, wanted] = std::pair(m_rows, m_row); // which the signals below change
    QItemSelection selection;
    QModelIndex current;
    for (int row = 0; row < m_model.rowCount(); ++row) {
        const SlotName name(m_model.layerAt(row).name, m_model.slotAt(row).slot);
        if (rows.contains(name))
            addRow(selection, m_model, row);
        if (name == wanted)
            current = m_model.index(row, 0);
    }
    if (m_model.rowCount() == 0)
        return; // what was selected comes back with the network
    m_table->selectionModel()->setCurrentIndex(current, QItemSelectionModel::NoUpdate);
    m_table->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
    m_table->scrollTo(current);
}

} // namespace quantscope
