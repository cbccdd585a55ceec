#include "window/actions.h"

#include "items/run_texts.h"
#include "look/theme.h"
#include "panels/layers_panel.h"
#include "session/session.h"
#include "window/help.h"
#include "window/main_window.h"
#include "window/memory_menu.h"
#include "window/recent_menu.h"

#include <QObject>

#include <tuple>

using namespace Qt::StringLiterals;

namespace quantscope {

static QString tr(const char *text) { return QObject::tr(text); }

static QList<QKeySequence> keys(std::initializer_list<const char *> texts)
{
    QList<QKeySequence> list;
    for (const char *text : texts)
        list << QKeySequence(QLatin1String(text));
    return list;
}

static std::vector<ActionRow> fileRows()
{
    const QString menu = tr("&File");
    return {{menu, tr("&Open…"), keys({"Ctrl+O"}), tr("Open a model"), [](MainWindow &w) { w.files().chooseFile(); },
                false, 0},
        {menu, tr("Open rece&nt"), {}, tr("What was open before"), nullptr, false, 0, nullptr, nullptr, nullptr,
            fillRecentMenu},
        {menu, tr("Open &recipe…"), keys({"Ctrl+Shift+O"}), tr("Use another recipe for this model"),
            [](MainWindow &w) { w.files().chooseRecipe(); }, true, 0},
        {menu, tr("Compare &with another model…"), keys({"Ctrl+B"}),
            tr("Open a second model beside this one, and show where they differ"),
            [](MainWindow &w) { w.files().chooseSecond(); }, true, 0},
        {menu, tr("&Reload"), keys({"F5", "Ctrl+R"}), tr("Read the model and its recipe again"),
            [](MainWindow &w) { w.session().reload(); }, false, 0, nullptr,
            [](MainWindow &w) { return !w.session().path().isEmpty(); }},
        {menu, tr("Choose &data…"), keys({"Ctrl+D"}), tr("What the network runs on: .npy, .npz or IDX"),
            [](MainWindow &w) { w.dataFiles().choose(DataFiles::Role::Samples); }, true, 1},
        {menu, tr("Choose la&bels…"), keys({"Ctrl+Shift+D"}), tr("The labels of the data, one integer a sample"),
            [](MainWindow &w) { w.dataFiles().choose(DataFiles::Role::Labels); }, true, 1, nullptr,
            [](MainWindow &w) { return w.session().runs().data().has_value(); }},
        {menu, tr("R&un on data"), keys({"F9"}), tr("Run the shown network, with edits that are not saved"),
            [](MainWindow &w) { w.session().runs().run(); }, true, 1, nullptr,
            [](MainWindow &w) { return w.session().runs().canRun(); }},
        {menu, tr("&Memory kept between runs"), {},
            tr("How much of what flowed stays, so that a change late in the network costs only what follows it"),
            nullptr, false, 1, nullptr, nullptr, [](MainWindow &w) { return memoryText(w.session().runs().memory()); },
            fillMemoryMenu},
        {menu, tr("Export &layers…"), keys({"Ctrl+E"}), tr("Write the selected layers for hardware"),
            [](MainWindow &w) { w.prepareExport(); }, true, 2},
        {menu, tr("&Save recipe"), keys({"Ctrl+S"}), tr("Write the recipe in force to its file, with its edits"),
            [](MainWindow &w) { w.files().saveRecipe(); }, true, 2},
        {menu, tr("Save recipe &as…"), keys({"Ctrl+Shift+S"}), tr("Write the recipe in force to another file"),
            [](MainWindow &w) { w.files().saveRecipeAs(); }, true, 2},
        {menu, tr("&Close model"), keys({"Ctrl+W"}), tr("Back to the start page"),
            [](MainWindow &w) { w.session().close(); }, true, 3},
        {menu, tr("&Quit"), keys({"Ctrl+Q"}), tr("Close the window"), [](MainWindow &w) { w.close(); }, false, 3}};
}

static std::vector<ActionRow> editRows()
{
    const QString menu = tr("&Edit");
    return {{menu, tr("&Undo"), keys({"Ctrl+Z"}), tr("Take back the last edit of the recipe"),
                [](MainWindow &w) { w.session().undoStack().undo(); }, true, 0, nullptr,
                [](MainWindow &w) { return w.session().undoStack().canUndo(); },
                [](MainWindow &w) { return w.session().undoStack().undoText(); }},
        {menu, tr("&Redo"), keys({"Ctrl+Shift+Z", "Ctrl+Y"}), tr("Do it again"),
            [](MainWindow &w) { w.session().undoStack().redo(); }, true, 0, nullptr,
            [](MainWindow &w) { return w.session().undoStack().canRedo(); },
            [](MainWindow &w) { return w.session().undoStack().redoText(); }},
        {menu, tr("Confirm the selected &layers"), keys({"Ctrl+K"}),
            tr("What is assumed of their quantizers is right; it can be undone"),
            [](MainWindow &w) { w.session().confirmLayers(w.session().selectedLayers()); }, true, 0},
        {menu, tr("&Filter layers"), keys({"Ctrl+F"}), tr("Words, or terms such as bits<8 sat>1%"),
            [](MainWindow &w) { w.focusFilter(); }, true, 1},
        {menu, tr("Select &all layers"), keys({"Ctrl+Shift+A"}), tr("Compare, export and confirm take all of them"),
            [](MainWindow &w) { w.session().selectLayers(layerNames(*w.session().network())); }, true, 1},
        {menu, tr("The &whole model"), keys({"Ctrl+0"}), tr("No layer, but the file as a whole"),
            [](MainWindow &w) { w.session().selectLayers({}); }, true, 1},
        {menu, tr("&Next layer"), keys({"J"}), tr("The next layer of the list"), [](MainWindow &w) { w.stepLayer(1); },
            true, 2},
        {menu, tr("&Previous layer"), keys({"K"}), tr("The layer before"), [](MainWindow &w) { w.stepLayer(-1); }, true,
            2},
        {menu, tr("J and K visit &weights only"), {}, tr("Next and previous layer skip what has no weights"),
            [](MainWindow &w) { w.layers()->setStepsWeights(!w.layers()->stepsWeights()); }, true, 2,
            [](MainWindow &w) { return w.layers()->stepsWeights(); }},
        {menu, tr("Go to &layers"), keys({"Ctrl+L"}), tr("Keyboard focus to the list of layers"),
            [](MainWindow &w) { w.focusLayers(); }, true, 2},
        {menu, tr("Go to pro&blems"), keys({"Ctrl+P"}), tr("Keyboard focus to the problems"),
            [](MainWindow &w) { w.focusProblems(); }, true, 2},
        {QString(), tr("Reset"), keys({"Esc"}), tr("Stop what runs, else clear the filter"),
            [](MainWindow &w) { w.escape(); }, false, 3}};
}

/// Of the second model that the first is compared with.
static std::vector<ActionRow> secondRows()
{
    const QString menu = tr("&Edit");
    const auto isOpen = [](MainWindow &w) { return w.session().second().isOpen(); };
    return {{menu, tr("S&wap the two models"), keys({"X"}), tr("Show the second model, and compare the first with it"),
                [](MainWindow &w) { w.session().second().swap(); }, true, 4, nullptr, isOpen},
        {menu, tr("Stop &comparing"), keys({"Ctrl+Shift+B"}), tr("The second model goes, the first stays"),
            [](MainWindow &w) { w.session().second().close(); }, true, 4, nullptr, isOpen}};
}

static std::vector<ActionRow> viewRows()
{
    const QString menu = tr("&View");
    std::vector<ActionRow> rows;
    for (const PageRow &page : pageTable()) {
        const QKeySequence key(u"Ctrl+%1"_s.arg(rows.size() + 1));
        rows.push_back({menu, page.menu, {key}, page.tip, [id = page.id](MainWindow &w) { w.showPage(id); }, true, 0,
            [id = page.id](MainWindow &w) { return w.pages()->current() == id; }});
    }
    rows.push_back({menu, tr("Operators &without quantizers"), {},
        tr("List what the network does between its layers, in its place"),
        [](MainWindow &w) { w.showOperators(!w.showsOperators()); }, true, 1,
        [](MainWindow &w) { return w.showsOperators(); }, [](MainWindow &w) { return w.hasOperators(); }});
    const auto hasBranches = [](MainWindow &w) { return w.layers()->hasBranches(); };
    const auto isTree = [](MainWindow &w) { return w.layers()->hasBranches() && w.layers()->showsTree(); };
    rows.push_back({menu, tr("Layers as a &tree"), keys({"Ctrl+T"}),
        tr("The list by the parts of the names, as branches that fold; else flat, with the lines of what flows"),
        [](MainWindow &w) { w.layers()->showTree(!w.layers()->showsTree()); }, true, 1, isTree, hasBranches});
    rows.push_back({menu, tr("&Unfold all branches"), {}, tr("Every layer of the tree is listed"),
        [](MainWindow &w) { w.layers()->unfoldAll(true); }, true, 1, nullptr, isTree});
    rows.push_back({menu, tr("F&old all branches"), {}, tr("The outermost branches alone are listed"),
        [](MainWindow &w) { w.layers()->unfoldAll(false); }, true, 1, nullptr, isTree});
    const std::tuple<QString, QString, ThemeChoice> themes[] = {
        {tr("&Follow the system’s colours"), tr("Light or dark as the system says"), ThemeChoice::System},
        {tr("&Light"), tr("Light colours"), ThemeChoice::Light}, {tr("Dar&k"), tr("Dark colours"), ThemeChoice::Dark}};
    for (const auto &[text, tip, choice] : themes)
        rows.push_back({menu, text, {}, tip, [choice = choice](MainWindow &w) { w.setTheme(choice); }, false, 2,
            [choice = choice](MainWindow &) { return Theme::instance().choice() == choice; }});
    return rows;
}

const std::vector<ActionRow> &actionTable()
{
    static const std::vector<ActionRow> table = [] {
        std::vector<ActionRow> rows = fileRows();
        for (const auto &more : {editRows(), secondRows(), viewRows()})
            rows.insert(rows.end(), more.begin(), more.end());
        const QString menu = QObject::tr("&Help");
        rows.push_back(
            {menu, tr("&Keys"), keys({"F1"}), tr("All keys"), [](MainWindow &w) { showKeys(&w); }, false, 0});
        rows.push_back({menu, tr("&About QuantScope"), {}, tr("Version and licence"),
            [](MainWindow &w) { showAbout(&w); }, false, 0});
        return rows;
    }();
    return table;
}

const std::vector<KeyNote> &keyNotes()
{
    static const std::vector<KeyNote> notes{{u"↑ ↓"_s, tr("the layer above or below")},
        {u"Shift+↑ ↓"_s, tr("select several layers: Export takes all of them")},
        {u"← → + − *"_s, tr("layers as a tree: fold and unfold a branch, * with all in it; ← also goes to the branch")},
        {u"D"_s, tr("values: decimal, hex, binary, float")},
        {u"E"_s, tr("values: one element in every form, where a narrow window hides it")},
        {u"Ctrl+G"_s, tr("values: to the search")},
        {u"PgUp PgDn"_s, tr("values: the fixed axis back and forth, with Ctrl")},
        {u"F3 Shift+F3"_s, tr("values: next and previous hit")},
        {u"Ctrl+Return"_s, tr("recipe: the selected quantizers are right; with Shift all that are assumed")},
        {u"Ctrl+C"_s, tr("tables: the selection as TSV with its header; charts: the picture")},
        {u"Enter"_s, tr("charts: find what the bar counts, in Values; channels: find the channel")},
        {u"Shift+← →, Ctrl+← →"_s,
            tr("bit weights: integer bits, fractional bits; with both keys the whole window; Esc: the file's type")},
        {u"← → Home End"_s, tr("charts: from bar to bar, with its numbers")},
        {u"Ctrl+Shift+P, G"_s, tr("charts: save as PNG, as SVG")},
        {u"Enter"_s, tr("problems: go there; overview: to what feeds the layer or is fed by it; start page: open")},
        {u"Delete"_s, tr("start page: forget a recent file")}};
    return notes;
}

} // namespace quantscope
