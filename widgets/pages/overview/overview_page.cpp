#include "pages/overview/overview_page.h"

#include "items/flow_facts.h"
#include "items/text.h"
#include "network/feeds.h"
#include "network/unconfirmed.h"
#include "pages/overview/accumulator_bar.h"
#include "pages/overview/batch_norm_bar.h"
#include "pages/overview/dpu_shift_bar.h"
#include "pages/overview/layer_strip_bar.h"
#include "pages/overview/quantizer_card.h"
#include "pages/overview/step_card.h"
#include "pages/parts/override_menu.h"
#include "pages/parts/preset_menu.h"
#include "session/recipe_python.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QEvent>
#include <QGridLayout>
#include <QGuiApplication>
#include <QLabel>
#include <QMenu>
#include <QScrollArea>
#include <QScrollBar>

#include <algorithm>
#include <array>

using namespace Qt::StringLiterals;

namespace quantscope {

OverviewPage::OverviewPage(Session &session, QWidget *parent)
    : Page(session, parent)
    , m_grid(new QGridLayout)
    , m_scroll(new QScrollArea)
    , m_content(new QWidget)
    , m_waiting(dimLabel(tr("The quantizers are being computed…")))
    , m_strip(new LayerStripBar(session))
    , m_batchNorm(new BatchNormBar(session))
    , m_shifts(new DpuShiftBar(session))
    , m_accumulator(new AccumulatorBar(session))
    , m_step(new StepCard)
{
    auto *outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    outer->addWidget(m_scroll);
    auto *column = new QVBoxLayout(m_content);
    column->setContentsMargins(0, 0, 4, 0);
    column->setSpacing(8);
    m_grid->setSpacing(8);
    column->addWidget(m_strip);
    column->addWidget(m_waiting);
    column->addWidget(m_batchNorm);
    column->addWidget(m_shifts);
    column->addWidget(m_accumulator);
    column->addLayout(m_grid);
    column->addWidget(m_step);
    column->addStretch(1);
    m_scroll->setWidget(m_content);
    m_content->installEventFilter(this);
    connect(&session.runs(), &RunStore::resultChanged, this, &OverviewPage::schedule);
}

std::vector<OverviewPage::Shown> OverviewPage::shownSlots() const
{
    std::vector<Shown> shown;
    const Layer *layer = session().currentLayer();
    if (!layer)
        return shown;
    for (const SlotQuantizer &slot : layer->slots)
        shown.push_back({qs(slot.slot), layer, &slot, false});
    const Network &network = *session().network();
    const std::vector<SlotId> &read = m_strip->shown().read;
    if (!layer->slot(Slot::Input) && read.size() == 1 && network.slot(read.front()))
        shown.push_back({u"input"_s, &network.layer(read.front().layer), network.slot(read.front()), true});
    const auto names = layer->slot(Slot::Output) || layer->slot(Slot::Act) ? std::vector<std::string>()
                                                                           : outputLayers(network, *layer);
    const Layer *next = names.empty() ? nullptr : network.layer(names.front());
    for (const Slot slot : {Slot::Act, Slot::Input})
        if (next && next->slot(slot)) {
            shown.push_back({u"output"_s, next, next->slot(slot), true});
            break;
        }
    return shown;
}

QuantizerCard *OverviewPage::card(std::size_t at, const QString &role)
{
    // A card belongs to a role, because its labels are named after it.
    for (std::size_t i = at; i < m_cards.size(); ++i)
        if (m_cards[i]->objectName() == role + u"-card"_s) {
            std::swap(m_cards[i], m_cards[at]);
            return m_cards[at];
        }
    auto *created = new QuantizerCard(role);
    created->setObjectName(role + u"-card"_s);
    m_cards.insert(m_cards.begin() + static_cast<std::ptrdiff_t>(at), created);
    return created;
}

/// Two where each has room for what explains its values, beside the bar: if they took its room where it is not needed,
/// it would come and go with them without end.
int OverviewPage::columnsThatFit() const
{
    const int room = m_scroll->maximumViewportSize().width() - m_scroll->verticalScrollBar()->sizeHint().width();
    int widest = 0;
    for (std::size_t i = 0; i < m_used; ++i)
        widest = std::max(widest, m_cards[i]->minimumSizeHint().width());
    return m_used > 1 && 2 * widest + m_grid->horizontalSpacing() <= room ? 2 : 1;
}

void OverviewPage::alignCards()
{
    std::array<int, 3> widths{};
    for (std::size_t i = 0; i < m_used; ++i)
        std::ranges::transform(
            widths, m_cards[i]->neededWidths(), widths.begin(), [](int a, int b) { return std::max(a, b); });
    for (std::size_t i = 0; i < m_used; ++i)
        m_cards[i]->setWidths(widths);
}

void OverviewPage::arrange()
{
    const int columns = m_columns = columnsThatFit();
    for (std::size_t i = 0; i < m_cards.size(); ++i) {
        const int place = static_cast<int>(i);
        if (i < m_used)
            m_grid->addWidget(m_cards[i], place / columns, place % columns);
        m_cards[i]->setVisible(i < m_used);
    }
    for (int column = 0; column < 2; ++column)
        m_grid->setColumnStretch(column, column < columns ? 1 : 0);
}

/// What the cards lie in gets its size after the page, also where the page was hidden while the window grew.
bool OverviewPage::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_content && event->type() == QEvent::Resize && columnsThatFit() != m_columns)
        arrange();
    return Page::eventFilter(watched, event);
}

void OverviewPage::connectCard(QuantizerCard *view, const Shown &shown)
{
    view->disconnect(this);
    connect(view, &QuantizerCard::confirmed, this,
        [this, id = SlotId{shown.layer->id, shown.slot->slot}, name = qs(shown.layer->name)] {
            session().confirm({id}, tr("confirm %1 %2").arg(name, qs(id.slot)));
        });
    connect(view, &QuantizerCard::pythonWanted, this,
        [this] { QGuiApplication::clipboard()->setText(recipePython(session().path())); });
    connect(view, &QuantizerCard::overrideField, this,
        [this, layer = shown.layer->name, slot = shown.slot->slot](QWidget *at) {
            if (const SlotRef ref = slotRef(session().network(), layer, slot))
                overrideMenu(session(), *ref.layer, *ref.slot, this)->popup(at->mapToGlobal(QPoint(0, at->height())));
        });
    connect(view, &QuantizerCard::choosePreset, this,
        [this, layer = shown.layer->name, slot = shown.slot->slot](QWidget *at) {
            const SlotRef ref = slotRef(session().network(), layer, slot);
            if (ref)
                presetMenu(session(), *ref.layer, *ref.slot, this)->popup(at->mapToGlobal(QPoint(0, at->height())));
        });
}

void OverviewPage::refresh()
{
    m_strip->refresh(); // tells what the layer reads
    const auto shown = shownSlots();
    const bool ready = session().state() == Session::State::Ready;
    m_waiting->setVisible(!ready);
    m_used = ready ? shown.size() : 0;
    for (std::size_t i = 0; i < m_used; ++i) {
        QuantizerCard *view = card(i, shown[i].role);
        SlotFacts facts = slotFacts(*shown[i].slot);
        facts.assumed = facts.contradiction.isEmpty() && isUnconfirmed(*session().network(), *shown[i].slot);
        if (const auto flow = session().runs().flow(*shown[i].layer, shown[i].slot))
            facts.rows.push_back(seenFact(*flow));
        view->setFacts(
            facts, shown[i].neighbour ? shownText(shown[i].layer->name) : QString(), session().presetsApply());
        view->setSecond(secondText(session().second().comparison(), {shown[i].layer->id, shown[i].slot->slot}));
        connectCard(view, shown[i]);
    }
    if (const Layer *layer = ready ? session().currentLayer() : nullptr)
        if (const auto flow = session().runs().flow(*layer, nullptr))
            card(m_used++, u"result"_s)->setFacts(resultFacts(*flow), {}, false);
    alignCards();
    arrange();
    m_batchNorm->refresh();
    m_shifts->refresh();
    m_accumulator->refresh();
    m_step->setSlot(ready ? session().currentSlot() : SlotRef());
}

} // namespace quantscope
