#include "pages/values/values_page.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/theme.h"
#include "pages/parts/values_view.h"
#include "pages/values/axis_bar.h"
#include "pages/values/copy_bar.h"
#include "pages/values/element_panel.h"
#include "pages/values/find_bar.h"
#include "pages/values/hit_list.h"
#include "pages/values/tensor_map_view.h"
#include "session/session.h"

#include <QAction>
#include <QBoxLayout>
#include <QPushButton>
#include <QScrollArea>

using namespace Qt::StringLiterals;

namespace quantscope {

ValuesPage::ValuesPage(Session &session, QWidget *parent)
    : Page(session, parent)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    m_controls = makeControls();
    column->addWidget(m_controls);
    auto *card = new Card(nullptr, 14);
    m_body = card;
    auto *row = new QHBoxLayout;
    row->setSpacing(16);
    row->addWidget(makeTable(), 1);
    row->addWidget(makeSide());
    card->box()->addLayout(row, 1);
    column->addWidget(card, 1);
    m_empty = dimLabel();
    m_empty->setAlignment(Qt::AlignCenter);
    m_empty->setWordWrap(true);
    column->addWidget(m_empty, 1);
    makeKeys();
    connect(m_axes, &AxisBar::changed, this, &ValuesPage::onSlice);
    connect(m_forms, &Segmented::selected, this, &ValuesPage::setForm);
    connect(m_find, &FindBar::goTo, this, &ValuesPage::goTo);
    connect(m_find, &FindBar::found, this, &ValuesPage::onFound);
    connect(m_find, &FindBar::stepRequested, this, [this](int by) { m_find->step(by, m_currentFlat); });
    connect(&m_model.cache(), &CodeCache::chunkReady, this, &ValuesPage::onCurrent);
    connect(&m_model.second(), &CodeCache::chunkReady, this, &ValuesPage::onCurrent);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this, &ValuesPage::onCurrent);
    connect(m_mapView, &TensorMapView::picked, this, [this](qint64 columnIndex, qint64 rowIndex) {
        const Shape &shape = m_model.slice().shape();
        std::vector<std::int64_t> index(shape.size(), 0);
        if (!index.empty())
            index[m_map->columnAxis] = columnIndex;
        if (index.size() > 1)
            index[m_map->rowAxis] = rowIndex;
        goTo(flatIndex(index, shape));
    });
}

QWidget *ValuesPage::makeForms()
{
    m_forms = new Segmented(tr("Form of the values"));
    m_forms->setObjectName(u"values-form"_s);
    m_forms->setItems({tr("dec"), tr("hex"), tr("bin"), tr("float")});
    auto *key = keyCap(u"D"_s);
    key->setToolTip(tr("D goes from form to form"));
    auto *forms = new QWidget; // a narrow page wraps both together
    auto *row = new QHBoxLayout(forms);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    row->addWidget(m_forms);
    row->addWidget(key);
    m_sideWanted = textButton(tr("Element"), tr("One element in every form, beside the table (E)"));
    m_sideWanted->setObjectName(u"values-element"_s);
    m_sideWanted->setCheckable(true);
    connect(m_sideWanted, &QPushButton::toggled, this, &ValuesPage::placeSide);
    row->addWidget(m_sideWanted);
    return forms;
}

QWidget *ValuesPage::makeControls()
{
    auto *card = new Card;
    auto *top = new FlowLayout(nullptr, 6);
    m_axes = new AxisBar;
    top->addWidget(m_axes);
    top->addStretch();
    top->addWidget(makeForms());
    card->box()->addLayout(top);
    auto *bottom = new FlowLayout(nullptr, 6);
    m_find = new FindBar;
    bottom->addWidget(m_find);
    m_copies = new CopyBar(m_model);
    connect(m_copies, &CopyBar::requested, this, &ValuesPage::copy);
    bottom->addWidget(m_copies);
    card->box()->addLayout(bottom);
    return card;
}

QWidget *ValuesPage::makeTable()
{
    auto *widget = new QWidget;
    auto *column = new QVBoxLayout(widget);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    m_view = new ValuesView(&m_model);
    m_view->setObjectName(u"values"_s);
    column->addWidget(m_view, 1);
    auto *row = new QHBoxLayout;
    m_shown = plainLabel();
    m_shown->setObjectName(u"values-shown"_s);
    m_fixedNote = dimLabel();
    row->addWidget(m_shown);
    row->addStretch(1);
    row->addWidget(m_fixedNote);
    column->addLayout(row);
    m_hits = new HitList(m_model);
    connect(m_hits, &HitList::picked, this, &ValuesPage::goTo);
    column->addWidget(m_hits);
    return widget;
}

QWidget *ValuesPage::makeSide()
{
    auto *content = new QWidget;
    auto *column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 6, 0);
    column->setSpacing(6);
    m_element = new ElementPanel;
    column->addWidget(m_element);
    column->addWidget(ruler());
    m_mapTitle = titleLabel();
    column->addWidget(m_mapTitle);
    m_mapNote = dimLabel();
    m_mapNote->setFont(Theme::sans(0.88));
    m_mapNote->setWordWrap(true);
    m_mapNote->setObjectName(u"map-note"_s);
    column->addWidget(m_mapNote);
    m_mapView = new TensorMapView;
    column->addWidget(m_mapView, 1);
    auto *scroll = new QScrollArea;
    scroll->setWidget(content);
    scroll->setWidgetResizable(true);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFixedWidth(280);
    m_side = scroll;
    return scroll;
}

void ValuesPage::makeKeys()
{
    const auto add = [this](const char *keys, auto run) {
        auto *action = new QAction(this);
        action->setShortcut(QKeySequence(QLatin1String(keys))); // of the window, for as long as the page is shown
        addAction(action);
        connect(action, &QAction::triggered, this, run);
    };
    add("D", [this] { nextForm(); });
    add("Ctrl+PgUp", [this] { m_axes->stepFixed(-1); });
    add("Ctrl+PgDown", [this] { m_axes->stepFixed(1); });
    add("F3", [this] { m_find->step(1, m_currentFlat); });
    add("Shift+F3", [this] { m_find->step(-1, m_currentFlat); });
    add("E", [this] { m_sideWanted->toggle(); });
    add("Ctrl+G", [this] { m_find->focusFind(); });
    auto *copyAction = new QAction(m_view);
    copyAction->setShortcut(QKeySequence::Copy);
    copyAction->setShortcutContext(Qt::WidgetShortcut);
    m_view->addAction(copyAction);
    connect(copyAction, &QAction::triggered, this, [this] { copy(CopyForm::Tsv); });
}

void ValuesPage::copy(CopyForm form) { m_copies->copy(m_view->selectionModel()->selection(), form); }

bool ValuesPage::idle() const { return !m_mapping.running() && m_copies->idle(); }

bool ValuesPage::cancelWork() { return m_find->cancel(); }

void ValuesPage::resizeEvent(QResizeEvent *event)
{
    Page::resizeEvent(event);
    m_hits->setRowsShown(height() >= 560 ? 4 : 2); // a low window keeps the table
    placeSide();
}

/// A narrow window keeps the table unless the element is called.
void ValuesPage::placeSide()
{
    const bool room = width() >= 720;
    m_sideWanted->setVisible(!room);
    m_side->setVisible(room || m_sideWanted->isChecked());
}

void ValuesPage::nextForm()
{
    m_forms->setCurrent((m_forms->current() + 1) % 4);
    setForm(m_forms->current());
}

void ValuesPage::setForm(int form)
{
    static constexpr ValueForm kForms[] = {ValueForm::Decimal, ValueForm::Hex, ValueForm::Binary, ValueForm::Float};
    m_model.setForm(kForms[form]);
    m_view->fitColumns();
}

void ValuesPage::refresh()
{
    const SlotRef slot = session().state() == Session::State::Ready ? session().currentSlot() : SlotRef();
    const bool shown = slot.readable() && slot.count() > 0;
    m_body->setVisible(shown);
    m_controls->setVisible(shown);
    m_empty->setVisible(!shown);
    m_empty->setText(session().showsResult()
            ? tr("A result has no stored values: it exists only while the network runs.")
            : !slot              ? tr("Nothing is selected.")
            : !slot.slot->tensor ? tr("An activation has no stored values: they exist only while the network runs.")
            : !slot.readable()   ? qs(slot.slot->tensor->problem)
                                 : tr("The tensor is empty."));
    if (m_model.slot() == slot)
        return takeSecond();
    takeSlot(slot);
    m_forms->setEnabled(slot.hasCodes());
    m_mapTitle->setText(slot.hasCodes() ? tr("Whole tensor: largest |code|") : tr("Whole tensor: largest |value|"));
    m_mapping.cancel();
    m_map.reset();
    m_mapNote->clear();
    m_mapView->setMap(m_map);
    if (!shown)
        return;
    startMap();
    goTo(m_currentFlat);
    updateNotes();
}

/// Of the same tensor the element that was looked at stays, and so does what was asked for, which is looked for again.
void ValuesPage::takeSlot(const SlotRef &slot)
{
    if (auto before = tensorPlace(m_model.slot()))
        m_kept = {std::move(before), m_model.slice(), m_find->shownQuery()};
    const bool isSame = slot.readable() && m_kept.tensor == tensorPlace(slot);
    if (m_hits->isAncestorOf(focusWidget()))
        m_view->setFocus(); // the list goes for as long as it is looked for
    m_comparison.reset();
    m_model.setSlot(slot);
    if (isSame)
        m_model.setSlice(m_kept.slice);
    else if (slot)
        m_currentFlat = 0;
    m_find->setSlot(slot);
    takeSecond();
    m_axes->setSlice(m_model.slice());
    if (isSame && !m_kept.query.isEmpty())
        m_find->find(m_kept.query, FindBar::Then::Stay);
}

void ValuesPage::startMap()
{
    m_mapNote->setText(tr("being computed…"));
    m_mapping.start(
        [slot = m_model.slot()](const Progress &progress) {
            return mapTensor(*slot.slot, TensorMapView::kMaxColumns, TensorMapView::kMaxRows, progress);
        },
        [this](Result<TensorMap> map) {
            if (!map)
                return m_mapNote->setText(qs(map.error().message));
            m_map = std::move(*map);
            m_mapView->setMap(m_map);
            m_model.setLargest(static_cast<double>(m_map->largest));
            const auto &names = m_model.slice().names();
            const auto part = [&](std::size_t axis, std::int64_t per) {
                return axis < names.size() ? names[axis] + (per > 1 ? u" (%1 per cell)"_s.arg(per) : QString())
                                           : QString();
            };
            m_mapNote->setText(names.size() < 2
                    ? tr("columns %1").arg(part(0, m_map->perColumn))
                    : tr("columns %1, rows %2; a click goes there")
                          .arg(part(m_map->columnAxis, m_map->perColumn), part(m_map->rowAxis, m_map->perRow)));
            onFound();
            onCurrent();
        },
        [this](int permille) { m_mapNote->setText(tr("being computed… %1 %").arg(permille / 10)); });
}

/// The slot of a second model beside the one that is shown. The element that was looked at stays.
void ValuesPage::takeSecond()
{
    auto comparison = session().second().comparison();
    if (comparison == m_comparison)
        return;
    m_comparison = std::move(comparison);
    const SlotRef slot = m_model.slot();
    const SlotRef second = m_comparison && slot ? m_comparison->counterpart(slot.id()) : SlotRef();
    m_find->setSecond(second);
    m_model.setSecond(second.readable() ? second : SlotRef());
    if (m_currentFlat < slot.count())
        goTo(m_currentFlat);
}

void ValuesPage::goTo(std::uint64_t flat)
{
    if (!m_model.slot().readable())
        return;
    const auto index = unflatten(flat, m_model.slice().shape());
    if (!m_model.slice().cell(index)) {
        Slice slice = m_model.slice();
        slice.show(index);
        m_model.setSlice(slice);
        m_axes->setSlice(slice);
        updateNotes();
    }
    const QModelIndex cell = m_model.indexOf(flat);
    m_view->setCurrentIndex(cell);
    m_view->scrollTo(cell);
}

void ValuesPage::onSlice()
{
    m_model.setSlice(m_axes->slice());
    updateNotes();
    // The element stays the current one where the new slice shows it, else its neighbour at the fixed index is.
    std::vector<std::int64_t> index = unflatten(m_currentFlat, m_model.slice().shape());
    for (std::size_t axis = 0; axis < index.size(); ++axis)
        if (m_model.slice().role(axis) == Slice::Role::Fixed)
            index[axis] = m_model.slice().fixed(axis);
    goTo(flatIndex(index, m_model.slice().shape()));
}

void ValuesPage::onCurrent()
{
    const auto flat = m_model.flatAt(m_view->currentIndex());
    if (!flat || !m_model.slot().readable())
        return;
    m_currentFlat = *flat;
    const auto index = unflatten(*flat, m_model.slice().shape());
    m_element->show(m_model.slot(), *flat, m_model.cache().element(*flat), m_model.format());
    m_element->showSecond(m_model, *flat);
    m_find->setCurrent(indexText(index));
    m_hits->setCurrent(*flat);
    m_mapView->setCurrent(m_map ? std::optional(m_map->cellOf(index)) : std::nullopt);
}

void ValuesPage::onFound()
{
    m_model.setHits(m_find->result().positions);
    m_hits->setHits(m_find->result().positions);
    m_hits->setCurrent(m_currentFlat);
    std::vector<std::size_t> cells;
    if (m_map)
        for (const std::uint64_t flat : m_find->result().positions) {
            const std::size_t cell = m_map->cellOf(unflatten(flat, m_model.slice().shape()));
            if (cells.empty() || cells.back() != cell)
                cells.push_back(cell);
        }
    m_mapView->setHits(std::move(cells));
}

void ValuesPage::updateNotes()
{
    const Slice &slice = m_model.slice();
    m_shown->setText(tr("showing %1 of %2").arg(groupedText(slice.shown()), groupedText(slice.total())));
    QStringList parts;
    for (std::size_t axis = 0; axis < slice.rank() && slice.rank() > 1; ++axis)
        if (slice.role(axis) == Slice::Role::Fixed)
            parts
                << u"%1 = %2 of 0 … %3"_s.arg(slice.names()[axis]).arg(slice.fixed(axis)).arg(slice.shape()[axis] - 1);
    if (!parts.isEmpty())
        parts << tr("Ctrl+PgUp, Ctrl+PgDn");
    m_fixedNote->setText(parts.join(u" · "_s));
}

} // namespace quantscope
