namespace Factstone; internal static class Placeholder;
