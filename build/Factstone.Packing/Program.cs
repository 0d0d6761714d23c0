using System.Reflection;
using System.Xml.Linq;
using Factstone.Packing;

// Removes from the documentation of an assembly what only the assembly itself, and its friends, can use.
if (args is not [var dll, var xml])
{
    await Console.Error.WriteLineAsync("Factstone.Packing ASSEMBLY.dll DOCUMENTATION.xml");
    return 2;
}

var assembly = Assembly.LoadFrom(Path.GetFullPath(dll));
var visible = DocumentationIds.VisibleIn(assembly).ToHashSet(StringComparer.Ordinal);
var document = XDocument.Load(xml, LoadOptions.PreserveWhitespace);
foreach (var member in document.Descendants("member").ToList())
    if (!visible.Contains(member.Attribute("name")!.Value))
    {
        if (member.PreviousNode is XText blank) blank.Remove();
        member.Remove();
    }

document.Save(xml, SaveOptions.DisableFormatting);
return 0;
