#include "pages/page_table.h"

#include "pages/channels/channels_page.h"
#include "pages/compare/compare_page.h"
#include "pages/distribution/distribution_page.h"
#include "pages/export/export_page.h"
#include "pages/overview/overview_page.h"
#include "pages/recipe/recipe_page.h"
#include "pages/values/values_page.h"

#include <QObject>

using namespace Qt::StringLiterals;

namespace quantscope {

template <class Shown> static Page *make(Session &session, QWidget *parent)
{
    return new Shown(session, parent);
}

static QString tr(const char *text) { return QObject::tr(text); }

const std::array<PageRow, kPageCount> &pageTable()
{
    static const std::array<PageRow, kPageCount> table{{
        {PageId::Overview, tr("&Overview"), tr("One card per quantizer"), u"overview"_s, make<OverviewPage>},
        {PageId::Distribution, tr("&Distribution"), tr("Three histograms and the figures"), u"distribution"_s,
            make<DistributionPage>},
        {PageId::Values, tr("&Values"), tr("Every element, in four forms"), u"values"_s, make<ValuesPage>},
        {PageId::Channels, tr("&Channels"), tr("Scales, ranges and errors per channel"), u"channels"_s,
            make<ChannelsPage>},
        {PageId::Compare, tr("Co&mpare"), tr("Other quantizers beside this one, and a sweep over bit widths"),
            u"compare"_s, make<ComparePage>},
        {PageId::Export, tr("&Export"), tr("Write for hardware"), u"export"_s, make<ExportPage>},
        {PageId::Recipe, tr("&Recipe"), tr("Which recipe is in force"), u"recipe"_s, make<RecipePage>},
    }};
    return table;
}

} // namespace quantscope
